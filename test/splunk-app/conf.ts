/** A .conf file: stanzas, each with its settings. What stands before the first stanza is in "". */
export type Conf = Map<string, Map<string, string>>;

/**
 * Reads a file that we wrote, more strictly than Splunk does: it drops what it does not understand.
 *
 * @throws Error for a line that is neither, and for a stanza or a setting that is given twice
 */
export function parseConf(text: string): Conf {
  const conf: Conf = new Map();
  let stanza = "";
  for (const line of text.replaceAll(/\\\n/g, "\n\\").replaceAll("\n\\", " ").split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const heading = /^\[(.+)\]$/.exec(line)?.[1];
    if (heading !== undefined) {
      if (conf.has(heading)) throw new Error(`[${heading}] is there twice`);
      stanza = heading;
      conf.set(stanza, new Map());
      continue;
    }
    const [, key, value = ""] = /^([\w.{}<>-]+) =(?: (.*))?$/.exec(line) ?? [];
    const settings = conf.get(stanza);
    if (key === undefined || settings === undefined) throw new Error(`no setting of a stanza: ${line}`);
    if (settings.has(key)) throw new Error(`${key} is given twice in [${stanza}]`);
    settings.set(key, value);
  }
  return conf;
}

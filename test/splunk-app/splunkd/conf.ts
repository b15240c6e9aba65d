import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Stanzas of a .conf file: each a list of settings. */
export type Conf = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Reads `<name>.conf` of an app as splunkd does: `local` over `default`. What is not there is empty. */
export async function readConf(appFolder: string, name: string): Promise<Conf> {
  const merged = new Map<string, Record<string, string>>();
  for (const layer of ["default", "local"]) {
    const text = await readFile(join(appFolder, layer, `${name}.conf`), "utf8").catch(() => "");
    for (const [stanza, settings] of parseConf(text)) merged.set(stanza, { ...merged.get(stanza), ...settings });
  }
  return merged;
}

function parseConf(text: string): Map<string, Record<string, string>> {
  const stanzas = new Map<string, Record<string, string>>();
  let stanza = "default";
  for (const line of text
    .replace(/\\\r?\n/g, "\n\\")
    .replace(/\n\\/g, " ")
    .split(/\r?\n/)) {
    const heading = /^\s*\[(.*)\]\s*$/.exec(line)?.[1];
    const [, key, value = ""] = /^\s*([^#\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (heading !== undefined) stanza = heading;
    if (heading === undefined && key === undefined) continue;
    const settings = stanzas.get(stanza) ?? {};
    if (heading === undefined && key !== undefined) settings[key] = value;
    stanzas.set(stanza, settings);
  }
  return stanzas;
}

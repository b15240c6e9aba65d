/** A command's arguments as splunkd hands them over: unquoted, and as they were written. */
export interface Arguments {
  readonly args: readonly string[];
  readonly rawArgs: readonly string[];
}

/**
 * Cuts `compute a="x y" b` as Splunk's parser does: words end at white space, and at commas outside of quotes, which are
 * dropped; within quotes `\"` is a quote and `\\` a backslash.
 */
export function splitCommand(command: string): Arguments & { readonly name: string } {
  const [name = "", ...rawArgs] = command.match(/(?:"(?:[^"\\]|\\.)*"|[^\s,"])+/gs) ?? [];
  return { name, rawArgs, args: rawArgs.map(unquoted) };
}

function unquoted(raw: string): string {
  return raw.replace(/"((?:[^"\\]|\\.)*)"/gs, (_, inner: string) => inner.replace(/\\(["\\])/g, "$1"));
}

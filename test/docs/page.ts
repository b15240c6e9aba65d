/** A fenced block of a page. */
export interface Block {
  /** The word after the fence, such as `console`. */
  readonly language: string;
  /** What follows it, such as `file=cars.csv`. */
  readonly notes: Readonly<Record<string, string>>;
  readonly text: string;
  /** Where the fence stands, from 1. */
  readonly line: number;
}

/** The fenced blocks of a Markdown page, in their order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const [, indent = "", language = "", rest = ""] = /^(\s*)```(\S*)(.*)$/.exec(lines[at] ?? "") ?? [];
    if (!lines[at]?.trimStart().startsWith("```")) continue;
    const end = lines.findIndex((line, later) => later > at && line.trim() === "```");
    const text = lines
      .slice(at + 1, end)
      .map((line) => line.slice(indent.length))
      .join("\n");
    const notes = Object.fromEntries(
      Array.from(rest.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g), ([, key, quoted, bare]) => [key, quoted ?? bare]),
    );
    blocks.push({ language, notes, text, line: at + 1 });
    at = end;
  }
  return blocks;
}

/** A command of a `console` block, and what it prints; `…` stands for anything. */
export interface Command {
  readonly command: string;
  readonly printed: string;
}

export function commandsOf({ text }: Block): Command[] {
  const commands: { command: string; printed: string[] }[] = [];
  for (const line of text.split("\n")) {
    const last = commands.at(-1);
    if (line.startsWith("$ ")) commands.push({ command: line.slice(2), printed: [] });
    else if (line.startsWith("> ") && last?.printed.length === 0) last.command += `\n${line.slice(2)}`;
    else last?.printed.push(line);
  }
  return commands.map(({ command, printed }) => ({ command, printed: printed.join("\n") }));
}

/**
 * Whether a text is what a page says is printed: `…` is anything within a line, or alone on a line any number of lines.
 * Columns may be wider than on the page.
 */
export function isAsPrinted(text: string, printed: string): boolean {
  const pattern = narrow(printed)
    .split("\n")
    .map((line) => (line.trim() === "…" ? "(?:.*\\n)*?.*" : line.split("…").map(RegExp.escape).join(".*")))
    .join("\\n");
  return new RegExp(`^${pattern}$`).test(narrow(text));
}

function narrow(text: string): string {
  return text.trim().replaceAll(/(?<=\S) {2,}/g, " ");
}

import type { Notebook } from "./notebook.ts";

/** Above a cell's code, as nbdev has it. */
const directive = /^[ \t]*#[ \t]*\|[ \t]*export[ \t]*(\r?\n|\r|$)/;

/**
 * Whether a cell is to be exported: its metadata has a `name`, whatever it says (DSDL, contract section 1),
 * or the tag `export`, or its first line is `#| export`. An empty name is no name.
 */
export function isMarked({ source, metadata }: Notebook["cells"][number]): boolean {
  if (metadata.name !== undefined && metadata.name !== null && metadata.name !== "") return true;
  return (Array.isArray(metadata.tags) && metadata.tags.includes("export")) || directive.test(source);
}

/** `metadata.name` on one line, for a comment: it may hold anything. */
export function markOf({ metadata }: Notebook["cells"][number]): string | undefined {
  const { name } = metadata;
  if (name === undefined || name === null || name === "") return undefined;
  const text = typeof name === "string" ? name : JSON.stringify(name);
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .slice(0, 100)
    .trim();
}

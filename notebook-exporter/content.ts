import { hashOf } from "./canonical.ts";
import { spokenIn } from "./languages.ts";
import { isMarked, markOf } from "./marks.ts";
import { readNotebook } from "./notebook.ts";

/** Raised when the same content exports otherwise than before, so that all notebooks are exported again. */
const RULE = 1;

/**
 * Hash of all that an export depends on. Running cells, moving outputs, prompts, widget state or the text
 * between the cells leave it as it is; inserting a cell does not, for problems count cells.
 */
export function contentOf(value: unknown): string {
  const read = readNotebook(value);
  if ("problem" in read) return hashOf([RULE, value]);
  const { metadata, cells } = read.notebook;
  return hashOf([
    RULE,
    spokenIn(metadata),
    metadata.compute_bridge ?? null,
    cells.map((each) => {
      const marked = isMarked(each);
      return [each.cell_type, marked, each.cell_type === "code" ? each.source : "", markOf(each) ?? null];
    }),
  ]);
}

/** The hash of a notebook's content, or why there is none: what is nested too deep ends the recursion. */
export function contentOrWhy(notebook: unknown): { hash: string } | { why: string } {
  try {
    return { hash: contentOf(notebook) };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

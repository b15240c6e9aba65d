import { z } from "zod";

/** Something about a saved notebook that its author should see, at the place where it is. */
export const Problem = z.object({
  /** An error keeps the version from going live; a warning holds nothing back. */
  severity: z.enum(["error", "warning"]),
  /** A stable code in lower-case-and-dashes, such as `syntax-error` or `undefined-name`. */
  code: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  /** The cell's place in the notebook, counted from 1 over cells of every kind. Absent: the whole notebook. */
  cell: z.int().min(1).optional(),
  /** The file of a module laid into `app/model/`, relative to that folder. Absent for notebooks. */
  file: z.string().optional(),
  /** The line within that cell or file, counted from 1. */
  line: z.int().min(1).optional(),
  /** What is wrong: one sentence. */
  message: z.string(),
  /** What to do about it: one imperative sentence. */
  hint: z.string(),
});
export type Problem = z.infer<typeof Problem>;

/** Whether a version with these problems may go live. */
export function holdsBack(problems: readonly Problem[]): boolean {
  return problems.some((each) => each.severity === "error");
}

/** `cell N, line M` or `file, line M`; empty where there is no place. */
export function problemPlace({ file, cell, line }: Pick<Problem, "file" | "cell" | "line">): string {
  return [file, cell && `cell ${cell}`, line && `line ${line}`].filter(Boolean).join(", ");
}

/** `file cell N line M: message Hint`: how a problem reads in a terminal. The problem's own file goes before the one given. */
export function problemLine(source: string, { severity, file, cell, line, message, hint }: Problem): string {
  const place = [file ?? source, cell && `cell ${cell}`, line && `line ${line}`].filter(Boolean).join(" ");
  return `${place}: ${severity}: ${message} ${hint}`;
}

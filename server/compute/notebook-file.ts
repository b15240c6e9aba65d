import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { INotebookContent } from "@jupyterlab/nbformat";
import { z } from "zod";
import { BadCall, Conflict, JupyterFailed } from "#contract/errors.ts";
import { type FileStat, isSame, statOf } from "../../notebook-exporter/file-state.ts";
import { parseHere } from "../../notebook-exporter/json-text.ts";
import { connectJupyter } from "../jupyter/client.ts";

/** For how long a file that is being written, and so is no JSON yet, is read again. */
const WHOLE_WITHIN_MS = 2000;
const READ_AGAIN_MS = 20;
/** Others wait for this write: a JupyterLab that hangs must not hold them up for ever. */
const WRITTEN_WITHIN_MS = 30_000;

/** JupyterLab as far as writing a notebook needs it. */
export interface WritingJupyter {
  readonly port: number;
  readonly token: string;
  ready(): boolean;
}

/** A notebook's file in one state of it. `notebook` is undefined when it is no JSON and stays so. */
export interface ReadFile {
  readonly bytes: Buffer;
  readonly notebook: unknown;
  readonly stat: FileStat;
}

const Notebook = z.looseObject({
  cells: z.array(z.looseObject({ cell_type: z.string() })),
  metadata: z.looseObject({}).default({}),
  nbformat: z.literal(4),
  nbformat_minor: z.int().default(5),
});

/** @throws BadCall for what JupyterLab could not open as a notebook */
export function parseNotebook(bytes: Buffer): INotebookContent {
  const parsed = parseHere(bytes);
  if ("why" in parsed) throw new BadCall(`The body is no JSON: ${parsed.why}.`, "Send the whole .ipynb file as the body.");
  const notebook = Notebook.safeParse(parsed.notebook);
  if (notebook.success) return notebook.data as unknown as INotebookContent; // checked just now, as far as anybody looks
  const issue = notebook.error.issues[0];
  throw new BadCall(
    `The body is no notebook of format 4: ${issue?.path.join(".") || "it"}: ${issue?.message ?? "is wrong"}.`,
    "Open it in JupyterLab and save it, which brings it to format 4, and send that file.",
  );
}

/** Reads one whole state. @param path absolute and real; undefined: no file is there */
export async function readNotebookFile(path: string): Promise<ReadFile | undefined> {
  for (const end = performance.now() + WHOLE_WITHIN_MS; ; await sleep(READ_AGAIN_MS)) {
    const before = await statOf(path);
    if (!before) return undefined;
    const bytes = await readFile(path).catch(() => undefined);
    const isOne = bytes !== undefined && isSame(before, await statOf(path));
    const parsed = isOne ? parseHere(bytes) : { why: "it is being written" };
    if (isOne && ("notebook" in parsed || performance.now() > end))
      return { bytes, notebook: "notebook" in parsed ? parsed.notebook : undefined, stat: before };
  }
}

/**
 * Writes a notebook: through JupyterLab while it runs, so that Lab and its hooks see it, else by rename.
 *
 * @param root the notebooks folder, real
 * @param before the file's state that the change was made on; undefined: there was none
 * @throws Conflict when the file is not in that state any more, and then nothing was written; JupyterFailed
 */
export async function writeNotebook(
  root: string,
  path: string,
  notebook: INotebookContent,
  before: FileStat | undefined,
  jupyter: WritingJupyter | undefined,
): Promise<void> {
  if (!jupyter?.ready()) return await writeByRename(join(root, path), `${JSON.stringify(notebook, null, 1)}\n`, before);
  const late = Promise.withResolvers<never>();
  const tooLate = () => late.reject(new JupyterFailed(`JupyterLab did not write ${path} within ${WRITTEN_WITHIN_MS / 1000} s.`));
  const timer = setTimeout(tooLate, WRITTEN_WITHIN_MS);
  await Promise.race([writeThrough(jupyter, root, path, notebook, before), late.promise]).finally(() => clearTimeout(timer));
}

async function writeThrough(
  { port, token }: WritingJupyter,
  root: string,
  path: string,
  notebook: INotebookContent,
  before: FileStat | undefined,
): Promise<void> {
  using client = connectJupyter(`http://127.0.0.1:${port}`, token);
  if (before === undefined) {
    await client.createNotebook(path, notebook);
    return;
  }
  const { hash } = await client.open(path);
  if (!isSame(await statOf(join(root, path)), before)) throw changed(path);
  await client.save(path, notebook, { ifHash: hash });
}

async function writeByRename(file: string, text: string, before: FileStat | undefined): Promise<void> {
  const draft = join(dirname(file), `.${randomBytes(6).toString("hex")}.draft`);
  try {
    const mode = before === undefined ? 0o644 : (await stat(file)).mode & 0o777;
    await writeDurably(draft, text, mode);
    if (!isSame(await statOf(file), before)) throw changed(file);
    // A link, not a rename, where nothing lay: it never takes the place of a file that came meanwhile.
    if (before === undefined) await link(draft, file);
    else await rename(draft, file);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "EEXIST" || error.code === "ENOENT")) throw changed(file);
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await using folder = await open(dirname(file), "r");
  await folder.sync();
}

/** Keeps a copy of what is about to be replaced. @param file absolute; its folder is made */
export async function keepCopy(file: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeDurably(file, bytes, 0o644);
}

async function writeDurably(file: string, content: string | Buffer, mode: number): Promise<void> {
  await using opened = await open(file, "wx", mode);
  await opened.writeFile(content);
  await opened.sync();
}

function changed(path: string): Conflict {
  return new Conflict(`${path} was saved by somebody else a moment ago.`, "Read the notebook again, then decide which of the two to keep.");
}

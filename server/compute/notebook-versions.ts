import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { z } from "zod";
import type { Log } from "#contract/edges.ts";
import { nameKey } from "#contract/names.ts";
import type { FileStat } from "../../notebook-exporter/file-state.ts";

/** One notebook's number, as DLTK counts: up by one with each save. */
const Counted = z.object({
  version: z.int(),
  /** The highest version that a client was told of, or sent itself. */
  told: z.int(),
  /** The file as it was counted last. */
  size: z.int(),
  mtimeNs: z.string(),
  ino: z.string(),
  /** SHA-256 of the last body that a client sent, and the version that it became. */
  sent: z.object({ version: z.int(), hash: z.string() }).optional(),
});
export type Counted = z.infer<typeof Counted>;

/**
 * Numbers of notebooks that DLTK's clients compare to know whose copy is newer. They are kept in one small file, written by
 * rename: a home that is copied takes them along. Counting begins when a client first asks.
 */
export interface NotebookVersions {
  find(algorithm: string): Counted | undefined;
  /** Counts a state of the file that was not counted yet; a notebook that was never asked for begins at 1. */
  count(algorithm: string, stat: FileStat): Promise<Counted>;
  /** A client knows the present version now. */
  tell(algorithm: string): Promise<void>;
  /** A client's notebook lies there now, as this version. */
  put(algorithm: string, stat: FileStat, version: number, hash: string): Promise<void>;
}

export async function openNotebookVersions(file: string, log: Log): Promise<NotebookVersions> {
  const all = await readAll(file, log);

  const set = async (algorithm: string, counted: Counted): Promise<Counted> => {
    const key = nameKey(algorithm);
    if (JSON.stringify(all.get(key)) === JSON.stringify(counted)) return counted;
    all.set(key, counted);
    await writeAll(file, all);
    return counted;
  };

  return {
    find: (algorithm) => all.get(nameKey(algorithm)),
    async count(algorithm, stat) {
      const known = all.get(nameKey(algorithm));
      if (known && isCounted(stat, known)) return known;
      return set(algorithm, { ...known, version: (known?.version ?? 0) + 1, told: known?.told ?? 0, ...kept(stat) });
    },
    async tell(algorithm) {
      const known = all.get(nameKey(algorithm));
      if (known) await set(algorithm, { ...known, told: known.version });
    },
    async put(algorithm, stat, version, hash) {
      await set(algorithm, { version, told: version, ...kept(stat), sent: { version, hash } });
    },
  };
}

function kept({ size, mtimeNs, ino }: FileStat): Pick<Counted, "size" | "mtimeNs" | "ino"> {
  return { size, mtimeNs: String(mtimeNs), ino: String(ino) };
}

function isCounted(stat: FileStat, counted: Counted): boolean {
  const { size, mtimeNs, ino } = kept(stat);
  return counted.size === size && counted.mtimeNs === mtimeNs && counted.ino === ino;
}

async function readAll(file: string, log: Log): Promise<Map<string, Counted>> {
  try {
    const text = await readFile(file, "utf8");
    return new Map(Object.entries(z.record(z.string(), Counted).parse(JSON.parse(text))));
  } catch (error) {
    const isNew = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isNew) log.warn({ err: error, file }, "the versions of notebooks that DLTK compares cannot be read; they are counted anew");
    return new Map();
  }
}

async function writeAll(file: string, all: ReadonlyMap<string, Counted>): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await using opened = await open(draft, "wx", 0o600);
    await opened.writeFile(`${JSON.stringify(Object.fromEntries(all))}\n`);
    await opened.sync();
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

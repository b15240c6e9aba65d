import { open, rename, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A notebook of some kB that says `n` at its start and at its end, so that a torn one shows. */
export function notebook(n: number, filler = 4000): string {
  const cell = (source: string) => ({ cell_type: "code", metadata: { name: "a" }, source, outputs: [], execution_count: null });
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: [cell(`n = ${n}`), cell("x".repeat(filler)), cell(`n = ${n}`)],
  });
}

/** As editors, tools and copies write a file. Each resolves when the text is there. */
export const writers = {
  async "truncated, then written in chunks"(path: string, text: string) {
    await using file = await open(path, "w");
    for (const chunk of quarters(text)) {
      await file.write(chunk);
      await sleep(2);
    }
  },
  async "written beside and renamed"(path: string, text: string) {
    const beside = path.replace(/([^/]+)$/, ".~$1");
    await writeFile(beside, text);
    await rename(beside, path);
  },
  async "moved away and written anew, as vim does"(path: string, text: string) {
    await rename(path, `${path}~`).catch(() => {});
    await writeFile(path, text);
  },
  async "overwritten in place without truncating"(path: string, text: string) {
    await using file = await open(path, "r+").catch(() => open(path, "w"));
    let at = 0;
    for (const chunk of quarters(text)) {
      await file.write(chunk, at);
      at += chunk.length;
      await sleep(8);
    }
    await file.truncate(text.length);
  },
  async "written twice, the end of the last line later, as Jupyter does"(path: string, text: string) {
    await using file = await open(path, "w");
    await file.write(text);
    await file.write("\n");
  },
};

function quarters(text: string): string[] {
  const size = Math.ceil(text.length / 4);
  return [0, 1, 2, 3].map((at) => text.slice(at * size, (at + 1) * size));
}

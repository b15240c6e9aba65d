import { constants } from "node:fs";
import { lutimes, mkdir, open, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { noHints, systemHints } from "../../notebook-exporter/hints.ts";
import { startWatching } from "./watching.ts";
import { notebook } from "./writers.ts";

const places = ["a.ipynb", "b.ipynb", "two/a.ipynb", "two/b.ipynb"];
const place = fc.constantFrom(...places);

/** A plain file that links lead to. Nothing writes through them. */
const outside = import.meta.filename;

async function writeInPlace(path: string, text: string): Promise<void> {
  await using file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW);
  await file.writeFile(text);
}

/** What people and tools do to files, at a path, with a number that says what is in them. */
const steps = {
  async write(at: string, n: number) {
    await writeInPlace(at, notebook(n));
  },
  async replace(at: string, n: number) {
    await writeFile(`${at}.new`, notebook(n));
    await rename(`${at}.new`, at);
  },
  async writeWithOldTime(at: string, n: number) {
    await writeInPlace(at, notebook(n));
    await lutimes(at, n % 3, n % 3);
  },
  async truncate(at: string, n: number) {
    await using file = await open(at, constants.O_RDWR | constants.O_NOFOLLOW);
    await file.truncate(n * 100);
  },
  async spoil(at: string) {
    await using file = await open(at, constants.O_RDWR | constants.O_NOFOLLOW);
    await file.write("<<<<", 0);
  },
  async touch(at: string) {
    await lutimes(at, new Date(), new Date());
  },
  async remove(at: string) {
    await rm(at, { recursive: true });
  },
  async makeFolder(at: string) {
    await mkdir(at);
  },
  async linkOut(at: string) {
    await symlink(outside, at);
  },
  async wait(_: string, n: number) {
    await sleep(n * 10);
  },
};
const step = fc.oneof(
  fc.record({ what: fc.constantFrom(...(Object.keys(steps) as (keyof typeof steps)[])), at: place, n: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ what: fc.constant("rename" as const), at: place, to: place }),
);

/** What is there: a number, why it is no notebook, or nothing. */
async function lying(path: string): Promise<number | string | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => error.code ?? "");
  if (text === "ENOENT" || text === "ENOTDIR") return undefined;
  if (text === "EISDIR") return "not-a-file";
  try {
    return Number(JSON.parse(text).cells[0].source.replace("n = ", ""));
  } catch {
    return text.startsWith("{") || text.startsWith("<<<<") || text === "" ? "not-json" : "symbolic-link";
  }
}

it.each([
  ["notifications", systemHints],
  ["a look now and then", noHints],
])("whatever was done to files in whatever order, what lies there at the end was told last, by %s", async (_how, hints) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (all) => {
      const last = new Map<string, number | string | undefined>();
      const timing = { giveUp: 40, growing: 200, scan: 25, scanWithoutHints: 25, pulse: 25 };
      await using watching = await startWatching(
        {
          hints,
          timing,
          onNotebook: (path, { notebook }) => {
            last.set(path, Number((notebook as { cells: { source: string }[] }).cells[0]?.source.replace("n = ", "")));
          },
          onGone: (path) => void last.delete(path),
          onUnreadable: (path, { code }) => void last.set(path, code),
        },
        (root) => mkdir(`${root}/two`),
      );
      const { at } = watching;
      for (const each of all) {
        // What cannot be done in this order is left out.
        if ("to" in each) await rename(at(each.at), at(each.to)).catch(() => {});
        else await steps[each.what](at(each.at), each.n).catch(() => {});
      }
      for (const path of places) {
        const expected = await lying(at(path));
        await expect.poll(() => last.get(path), { message: path, interval: 5, timeout: 5_000 }).toBe(expected);
      }
    }),
    // A failure tells what it found: to look for a smaller one takes longer than the test may.
    { numRuns: 20, endOnFailure: true },
  );
});

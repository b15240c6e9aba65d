import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { rename, utimes, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type Hints, systemHints } from "../../notebook-exporter/hints.ts";
import { startWatching, until } from "./watching.ts";
import { notebook } from "./writers.ts";

const silent: Hints = async () => ({ close: async () => {} });
/** Each move is told once, so that no second look at the last one meets the next. */
const once: Hints = (root, _, failed, happened) => systemHints(root, () => {}, failed, happened);

// What waits for the quiet window is shown before it is told.
describe.runIf(process.platform === "linux")("a notebook that was written and moved here within one tick of the clock", () => {
  it("needs no quiet window, for the system says that it was moved", async () => {
    await using watching = await startWatching({ hints: once });
    await begin(watching);
    for (let n = 2; n < 20; n++) {
      await watching.watcher.settled("a.ipynb");
      await rename(await beside(watching, n), watching.at("a.ipynb"));
      await until(() => watching.lastOf("a.ipynb") === n);
    }
    expect(watching.shown).toEqual([]);
  });

  it("needs one when it was written to where it lies, before it was read", async () => {
    await using watching = await startWatching({ hints: once });
    await begin(watching);
    for (let n = 2; n < 20; n++) {
      await watching.watcher.settled("a.ipynb");
      renameSync(await beside(watching, n), watching.at("a.ipynb"));
      const file = openSync(watching.at("a.ipynb"), "r+");
      writeSync(file, notebook(n + 100).slice(0, 1000));
      closeSync(file);
      await until(() => watching.lastOf("a.ipynb") === n + 100);
      expect(watching.shown).toHaveLength(n - 1);
    }
  });

  it("needs one when the system says nothing", async () => {
    await using watching = await startWatching({ hints: silent });
    await begin(watching);
    await rename(await beside(watching, 2), watching.at("a.ipynb"));
    await watching.watcher.settled("a.ipynb");
    expect(watching.shown).toHaveLength(1);
  });
});

type Watching = Awaited<ReturnType<typeof startWatching>>;

/** Has the first notebook told. */
async function begin(watching: Watching): Promise<void> {
  await writeFile(watching.at("a.ipynb"), notebook(1));
  watching.watcher.touch("a.ipynb", { vouched: true });
  await until(() => watching.lastOf("a.ipynb") === 1);
}

/** A file elsewhere whose times do not say that it was moved after it was written. */
async function beside({ at }: Watching, n: number): Promise<string> {
  const path = at("beside");
  await writeFile(path, notebook(n));
  await utimes(path, new Date(), new Date(Date.now() + 60_000));
  return path;
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { watchModules } from "../../notebook-exporter/watch-modules.ts";
import { quiet } from "../server/workers/fixture.ts";

it("a module that did not change is told again when that is asked for, also while it is told; one that is gone is not", async () => {
  const root = await mkdtemp(join(tmpdir(), "retold-"));
  await writeFile(join(root, "lib.py"), "V = 1\n");
  const told: string[] = [];
  let wait: PromiseWithResolvers<void> | undefined;
  const watcher = await watchModules({
    root,
    log: quiet,
    async onModule({ name }) {
      told.push(name);
      await wait?.promise;
    },
    onGone: ({ name }) => void told.push(`${name} is gone`),
    onRefused: () => {},
  });
  try {
    await watcher.settled("lib");
    expect(told).toEqual(["lib"]);
    wait = Promise.withResolvers();
    watcher.retell("lib");
    expect(watcher.isSettled("lib")).toBe(false);
    await expect.poll(() => told).toHaveLength(2);
    watcher.retell("lib");
    wait.resolve();
    await watcher.settled("lib");
    expect(told).toEqual(["lib", "lib", "lib"]);
    await rm(join(root, "lib.py"));
    await watcher.settled("lib");
    watcher.retell("lib");
    watcher.retell("nothing");
    await watcher.settled("lib");
    expect(told.slice(3)).toEqual(["lib is gone"]);
  } finally {
    await watcher.close();
    await rm(root, { recursive: true });
  }
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { targetFinder } from "../../../server/compute/target.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { clock, quiet } from "../workers/fixture.ts";

let folder: string;
let store: Store & AsyncDisposable;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "target-"));
  store = await openStore({ file: join(folder, "store.sqlite"), clock, log: quiet });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const call = { method: "apply", model: "default", modelVersion: null, strict: false };
const facts = {
  ...{ project: "default", title: "", description: "", category: "", runtime: "python", environment: "default" },
  ...{ problems: [], content: "", exportedAt: new Date(0).toISOString() },
};

it("a call of what has no live version yet is told that it is being checked, when that takes long", async () => {
  const { find } = targetFinder(store, async () => false);
  const checked = { code: "BEING_CHECKED", status: 503, retryAfter: 5 };
  await expect(find({ ...call, algorithm: "fresh" })).rejects.toMatchObject(checked);
  await store.transaction((tx) => tx.algorithms.put({ ...facts, name: "again", notebook: "again.ipynb", state: "failing" }));
  await expect(find({ ...call, algorithm: "again" })).rejects.toMatchObject(checked);
});

it("a call of what is not there, or failed its check, is told that", async () => {
  const { find } = targetFinder(store, async () => true);
  await store.transaction((tx) => tx.algorithms.put({ ...facts, name: "failed", notebook: "failed.ipynb", state: "failing" }));
  await expect(find({ ...call, algorithm: "nothing" })).rejects.toMatchObject({ code: "NOT_FOUND", status: 404 });
  await expect(find({ ...call, algorithm: "failed" })).rejects.toMatchObject({ code: "NOT_LIVE", status: 422 });
});

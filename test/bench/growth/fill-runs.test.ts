import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fillRuns } from "../../../bench/growth/fill-runs.ts";
import { openStore } from "../../../server/store/open.ts";
import { begun, quietLog, runId, steppingClock } from "../../server/store/store-suite.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fill-runs-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("fills a store with runs that the bridge reads as its own", async () => {
  const file = join(folder, "store.sqlite");
  const open = () => openStore({ file, clock: steppingClock(), log: quietLog });
  {
    await using store = await open();
    expect(() => fillRuns(file, 10)).toThrow("without a run");
    store.runs.start(begun(1));
    store.runs.finish(runId(1), { state: "succeeded", receipt: null, error: null });
  }
  fillRuns(file, 1000);
  fillRuns(file, 2500);
  await using store = await open();
  const all = await store.runs.list({ limit: 3000 });
  expect(all).toHaveLength(2500);
  expect(all[0]?.id).toBe(runId(1));
  expect(await store.runs.list({ search: "search-2400", limit: 10 })).toMatchObject([
    { state: "succeeded", search: { id: "search-2400" } },
  ]);
  const last = await store.events.last();
  expect(last).toBe(5000);
  store.runs.start(begun(2));
  await store.runs.flush();
  expect(await store.events.after(last)).toMatchObject([{ number: last + 1, kind: "run.started", subject: runId(2) }]);
});

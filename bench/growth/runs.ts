import { stat } from "node:fs/promises";
import { join } from "node:path";
import { casesOf, type GrowingBridge, startBridge } from "./bridge.ts";
import { callColumns, callFigures } from "./calls.ts";
import { median, type Point } from "./curve.ts";
import { fillRuns } from "./fill-runs.ts";
import type { Measure } from "./measured.ts";
import { memoryColumns, memoryOf } from "./memory.ts";

const CONNECTIONS = 8;
const ASKED = 20;
/** Far more than are measured: nothing is removed. */
const KEPT = { BRIDGE_KEEP_RUNS: "100000000" };

/** A store that holds more and more runs. */
export const measureRuns: Measure = async ({ form, folder, generator, say }) => {
  const home = join(folder, "home");
  const cases = casesOf(["trivial"]);
  {
    await using first = await startBridge(home, KEPT);
    await first.add(["trivial"]);
    await first.fit("trivial", cases[0]?.body ?? "");
    await generator.run({ kind: "small", target: first.target, cases, connections: 1, enough: { calls: 5 } });
  }
  const file = join(home, ".bridge/store.sqlite");
  const points: Point[] = [];
  for (const count of form.runs) {
    say(`runs: ${count.toLocaleString("en-US")}`);
    fillRuns(file, count);
    await using bridge = await startBridge(home, KEPT);
    const { startSeconds } = bridge;
    const values = {
      startSeconds,
      list: await lasts(bridge, "/v1/runs?limit=100"),
      deep: await lasts(bridge, `/v1/runs?limit=100&before=${String(Math.floor(count / 2)).padStart(9, "0")}-`),
      search: await lasts(bridge, "/v1/runs?search=search-100"),
      noSearch: await lasts(bridge, "/v1/runs?search=there-is-none"),
      ...(await callFigures(generator, "one", { target: bridge.target, cases, connections: CONNECTIONS }, form)),
      ...(await memoryOf(bridge.pid)),
      file: (await stat(file)).size / 1e6,
    };
    points.push({ x: count, values });
  }
  return {
    id: "growth-runs",
    title: "Runs in the store",
    xTitle: "runs in the store",
    columns: [
      { key: "startSeconds", title: "start, s", panel: "s" },
      { key: "list", title: "newest 100 runs, ms", panel: "ms" },
      { key: "deep", title: "100 runs from the middle, ms", panel: "ms" },
      { key: "search", title: "runs of a search, ms", panel: "ms" },
      { key: "noSearch", title: "runs of no search, ms", panel: null },
      ...callColumns("one", "one row").map((each) => (each.panel === "ms" ? { ...each, panel: null } : each)),
      ...memoryColumns.map((each) => ({ ...each, panel: null })),
      { key: "file", title: "store's file, MB", panel: null },
    ],
    points,
    notes: [
      `SQLite, \`BRIDGE_KEEP_RUNS\` above all of them; each run has its two events, every hundredth is of a search. Calls on ${CONNECTIONS} connections.`,
    ],
  };
};

/** The median of milliseconds that a question takes. */
async function lasts(bridge: GrowingBridge, path: string): Promise<number> {
  const ms: number[] = [];
  for (let time = 0; time < ASKED; time++) {
    const began = performance.now();
    await bridge.get(path);
    ms.push(performance.now() - began);
  }
  return median(ms);
}

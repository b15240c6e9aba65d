import { join } from "node:path";
import { casesOf, startBridge } from "./bridge.ts";
import { callColumns, callFigures, eachOnce } from "./calls.ts";
import type { Point } from "./curve.ts";
import type { Measure } from "./measured.ts";
import { memoryColumns, memoryOf } from "./memory.ts";

const CONNECTIONS = 8;

/** More and more live algorithms in one bridge: calls of any of them, and calls of one. */
export const measureAlgorithms: Measure = async ({ form, folder, generator, say }) => {
  const home = join(folder, "home");
  const points: Point[] = [];
  let names: readonly string[] = [];
  for (const count of form.algorithms) {
    say(`algorithms: ${count}`);
    await using bridge = await startBridge(home);
    const { startSeconds } = bridge;
    const added = Array.from({ length: count - names.length }, (_, index) => `trivial_${names.length + index}`);
    const began = performance.now();
    await bridge.add(added);
    const liveMs = (performance.now() - began) / added.length;
    names = [...names, ...added];
    const job = { target: bridge.target, connections: CONNECTIONS };
    const one = await callFigures(generator, "one", { ...job, cases: casesOf(names.slice(-1)) }, form);
    const first = await eachOnce(generator, "first", { ...job, cases: names.flatMap((name) => casesOf([name], 1)) });
    const all = await callFigures(generator, "all", { ...job, cases: casesOf(names, 4096) }, form);
    points.push({ x: count, values: { startSeconds, liveMs, ...one, ...first, ...all, ...(await memoryOf(bridge.pid)) } });
  }
  return {
    id: "growth-algorithms",
    title: "Algorithms",
    xTitle: "live algorithms",
    columns: [
      { key: "startSeconds", title: "start with those before, s", panel: null },
      { key: "liveMs", title: "save to live, ms each", panel: null },
      ...callColumns("one", "calls of one"),
      ...callColumns("first", "first call of each"),
      ...callColumns("all", "calls of any of them"),
      ...memoryColumns,
    ],
    points,
    notes: [
      `One row a call, ${CONNECTIONS} connections, calls of any algorithm have equal chances. The first call of most starts a worker, which then idles. All new notebooks are saved at once. Memory is that after the calls.`,
    ],
  };
};

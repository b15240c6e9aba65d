import { join } from "node:path";
import { casesOf, startBridge } from "./bridge.ts";
import { callColumns, callFigures } from "./calls.ts";
import type { Point } from "./curve.ts";
import type { Measure } from "./measured.ts";
import { memoryColumns, memoryOf } from "./memory.ts";

/** More and more connections, each of which asks again when it was answered. */
export const measureConnections: Measure = async ({ form, folder, generator, say }) => {
  // As it is set out of the box, calls beyond 64 that wait are refused, which is right and measures nothing.
  await using bridge = await startBridge(join(folder, "home"), { BRIDGE_QUEUE: "5000" });
  await bridge.add(["trivial"]);
  const cases = casesOf(["trivial"]);
  await bridge.fit("trivial", cases[0]?.body ?? "");
  const points: Point[] = [];
  for (const connections of form.connections) {
    say(`connections: ${connections}`);
    const figures = await callFigures(generator, "one", { target: bridge.target, cases, connections }, form);
    points.push({ x: connections, values: { ...figures, ...(await memoryOf(bridge.pid)) } });
  }
  return {
    id: "growth-connections",
    title: "Connections",
    xTitle: "connections",
    columns: [...callColumns("one", "one row"), ...memoryColumns],
    points,
    notes: ["One algorithm, one row a call, `BRIDGE_QUEUE` raised to 5000. Memory is that after the calls."],
  };
};

import { join } from "node:path";
import { bodyOf } from "./body-rows.ts";
import type { BodySent } from "./body-sender.ts";
import { callPath, startBridge } from "./bridge.ts";
import { median, type Point } from "./curve.ts";
import type { Measure } from "./measured.ts";
import { memoryOf, watchPeaks } from "./memory.ts";
import { startSender } from "./sender.ts";

/** Above this many bytes once is enough. */
const LARGE = 2e7;

/** Larger and larger bodies, sent and answered row by row. */
export const measureBodies: Measure = async ({ form, folder, say }) => {
  await using bridge = await startBridge(join(folder, "home"));
  await bridge.add(["trivial"]);
  await bridge.fit("trivial", Buffer.concat([...bodyOf(1000)]).toString());
  await using sender = startSender();
  const points: Point[] = [];
  for (const bytes of form.bodies) {
    say(`bodies: ${bytes.toLocaleString("en-US")} bytes`);
    const job = { target: bridge.target, path: callPath("trivial"), bytes };
    await sender.send({ ...job, bytes: Math.min(bytes, LARGE / 4) });
    const peaks = await watchPeaks(bridge.pid);
    const times = Array.from({ length: bytes > LARGE ? 1 : form.times });
    const sent: BodySent[] = [];
    for (const _ of times) sent.push(await sender.send(job));
    const seconds = median(sent.map(({ ms }) => ms)) / 1000;
    const mbPerSecond = bytes / 1e6 / seconds;
    const { nodePrivate, pythonPrivate } = await memoryOf(bridge.pid);
    points.push({ x: bytes, values: { seconds, mbPerSecond, ...(await peaks()), nodePrivate, pythonPrivate } });
  }
  return {
    id: "growth-bodies",
    title: "Bodies",
    xTitle: "bytes of a body",
    columns: [
      { key: "seconds", title: "s", panel: null },
      { key: "mbPerSecond", title: "MB/s in, and as many out", panel: "MB/s" },
      { key: "nodePeak", title: "server RSS, peak MB", panel: "MB" },
      { key: "workerPeak", title: "worker RSS, peak MB", panel: "MB" },
      { key: "nodePrivate", title: "server private after, MB", panel: null },
      { key: "pythonPrivate", title: "Python private after, MB", panel: null },
    ],
    points,
    notes: ["A row-wise algorithm that gives its rows back, four floats a row; one call at a time, made while it is sent."],
  };
};

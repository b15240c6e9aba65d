import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Algorithm } from "#contract/algorithm.ts";
import type { JupyterClient } from "../server/jupyter/client.ts";
import type { Api } from "./api.ts";
import { changeThreshold } from "./change-cell.ts";
import { column } from "./rows.ts";

export const algorithm = "binary_classifier";
export const label = "diagnosis";
const startWithinMs = 60_000;
const liveWithinMs = 15_000;

/** The example's first version: at the first start it is exported and checked like any other notebook. */
export async function untilLive(api: Api): Promise<Algorithm> {
  let found: Algorithm | undefined;
  for (const end = performance.now() + startWithinMs; performance.now() < end; await sleep(50)) {
    found = await api.algorithm(algorithm);
    if (found?.live && found.state === "live") return found;
    if (found?.state === "failing") break;
  }
  throw new Error(`${algorithm} is not live: ${found ? problemLines(found) : "the bridge does not know it"}`);
}

/** Changes one cell through JupyterLab, and waits until calls run the new code. */
export async function saveAndGoLive(api: Api, jupyter: JupyterClient, notebooks: string, path: string) {
  const before = (await api.algorithm(algorithm))?.live;
  const { content, hash } = await jupyter.open(path);
  const change = changeThreshold(content);
  using events = await api.events();
  const live = events.next(
    ({ kind, subject, data }) => kind === "version.live" && subject === algorithm && data.version !== before,
    liveWithinMs,
  );
  live.catch(() => {}); // a save that fails is told before it
  await jupyter.save(path, change.content, { ifHash: hash });
  const event = await live.catch(async () => {
    const now = await api.algorithm(algorithm);
    throw new Error(`The save did not go live within ${liveWithinMs / 1000} s: ${now ? problemLines(now) : "the algorithm is gone"}`);
  });
  const { mtimeMs } = await stat(join(notebooks, path));
  return { ...change, version: String(event.data.version), msAfterSave: Math.max(0, Math.round(Date.parse(event.at) - mtimeMs)) };
}

/** How many answers are right, in the order of the rows. */
export function judged(test: string, scored: string): { right: number; rows: number; lines: string[] } {
  const actual = column(test, label);
  const predicted = column(scored, "predicted_label");
  const probability = column(scored, "probability");
  if (predicted.length !== actual.length) throw new Error(`${actual.length} rows were sent and ${predicted.length} came back.`);
  const lines = actual.slice(0, 5).map((each, at) => `${each.padEnd(12)} ${(predicted[at] ?? "").padEnd(12)} ${probability[at]}`);
  return { right: actual.filter((each, at) => each === predicted[at]).length, rows: actual.length, lines };
}

function problemLines({ problems }: Algorithm): string {
  if (problems.length === 0) return "it has no problems, but no live version either";
  return problems.map(({ cell, line, message, hint }) => `cell ${cell ?? "-"} line ${line ?? "-"}: ${message} ${hint}`).join("\n  ");
}

import { setTimeout as pause } from "node:timers/promises";
import { Connection } from "./connection.ts";
import type { Beside, BesideJob, Calls } from "./job.ts";
import { large } from "./large.ts";
import { Tally } from "./right.ts";
import { one, ready, small } from "./small.ts";

/** Between two calls, and between two checks: they ask how long one waits, and are no load of their own. */
const PAUSE_MS = 3;

/** Keeps a server busy, and calls and checks it beside that. Only calls that began meanwhile count. */
export async function beside({ busy, target, cases, health }: Omit<BesideJob, "kind">): Promise<Beside> {
  using calling = new Connection(target.url);
  using checked = new Connection(target.url);
  const calls = new Tally();
  const checks = new Tally();
  const prepared = ready(calling, target, cases);
  const check = checked.bytesOf("GET", health.path, health.headers);
  if (prepared.length > 0) await one(calling, prepared, 0, new Tally());
  let isOver = false;
  const working = work(busy).finally(() => {
    isOver = true;
  });
  const asking = async (): Promise<void> => {
    for (let number = 0; !isOver && prepared.length > 0; number++) {
      await one(calling, prepared, number, calls);
      await pause(PAUSE_MS);
    }
  };
  const checking = async (): Promise<void> => {
    while (!isOver) {
      const answered = await checked.send(check);
      checks.add(answered, answered.status === 200);
      await pause(PAUSE_MS);
    }
  };
  const [result] = await Promise.all([working, asking(), checking()]);
  return { busy: result, calls: calls.calls(), health: checks.calls() };
}

async function work(busy: BesideJob["busy"]): Promise<Calls> {
  if (busy.kind === "large") return await large(busy);
  if (busy.kind === "small") return await small(busy);
  await pause(busy.seconds * 1000);
  return new Tally().calls();
}

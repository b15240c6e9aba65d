import { readFile } from "node:fs/promises";
import { Agent } from "node:http";
import { exchange } from "./exchange.ts";
import type { Beside, BesideJob, Calls, LargeJob } from "./job.ts";
import { isRight, Tally } from "./right.ts";
import { one } from "./small.ts";

/** Does one large call. Files are read before it and the answer is looked at after it: neither is in its time. */
export async function large({ target, path, body, results }: Omit<LargeJob, "kind">): Promise<Calls> {
  const agent = new Agent({ keepAlive: true });
  const sent = await readFile(body);
  const tally = new Tally();
  const answered = await exchange(agent, target, path, sent);
  agent.destroy();
  const right = isRight(answered, target.form, await readFile(results, "utf8"));
  tally.add(answered, right, answered.body.subarray(0, 300).toString());
  return tally.calls();
}

/** Does a large call, and small ones and health checks beside it. Only calls that began while it ran count. */
export async function beside({ large: wanted, cases, health }: Omit<BesideJob, "kind">): Promise<Beside> {
  const agent = new Agent({ keepAlive: true });
  const calls = new Tally();
  const checks = new Tally();
  await one(agent, wanted.target, cases, 0, new Tally());
  let isOver = false;
  const body = await readFile(wanted.body);
  const sending = exchange(agent, wanted.target, wanted.path, body).finally(() => {
    isOver = true;
  });
  const asking = async (): Promise<void> => {
    for (let number = 0; !isOver; number++) await one(agent, wanted.target, cases, number, calls);
  };
  const checking = async (): Promise<void> => {
    while (!isOver) {
      const answered = await exchange(agent, { url: wanted.target.url, headers: health.headers }, health.path, null);
      checks.add(answered, answered.status === 200, answered.body.toString());
    }
  };
  const [answered] = await Promise.all([sending, asking(), checking()]);
  agent.destroy();
  const tally = new Tally();
  tally.add(answered, isRight(answered, wanted.target.form, await readFile(wanted.results, "utf8")), "");
  return { large: tally.calls(), calls: calls.calls(), health: checks.calls() };
}

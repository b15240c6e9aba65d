import { Agent } from "node:http";
import { exchange } from "./exchange.ts";
import type { Calls, Case, SmallJob, Target } from "./job.ts";
import { isRight, Tally } from "./right.ts";

/** Does a job of small calls on connections that stay open. */
export async function small({ target, cases, connections, calls }: Omit<SmallJob, "kind">): Promise<Calls> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const tally = new Tally();
  let sent = 0;
  const connection = async (): Promise<void> => {
    while (sent < calls) await one(agent, target, cases, sent++, tally);
  };
  await Promise.all(Array.from({ length: connections }, connection));
  agent.destroy();
  return tally.calls();
}

/** Sends the case of this number. Neighbours in time have different rows and, where there are two, different models. */
export async function one(agent: Agent, target: Target, cases: readonly Case[], number: number, tally: Tally): Promise<void> {
  const asked = cases[number % cases.length];
  if (!asked) throw new Error("A job needs a case.");
  const answered = await exchange(agent, target, asked.path, asked.body);
  tally.add(answered, isRight(answered, target.form, asked.results), answered.body.toString());
}

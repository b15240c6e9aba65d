import { access } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { children, privateMb, programOf } from "../processes.ts";
import type { Events } from "./bridge-events.ts";
import { saveNotebook } from "./bridge-home.ts";
import type { Side, Starts } from "./side.ts";

const ROWS = "a,b,c,d\n1.5,2.5,3.5,4.5\n";

export interface LivingParts {
  readonly home: string;
  readonly pid: number;
  /** Followed from the first time that somebody asks: each run of before would be told, too, which takes time of all. */
  readonly events: () => Promise<Events>;
  readonly warmSeconds: number;
  /** Applies an algorithm without a model; its results. @throws Error with what the bridge said */
  call(algorithm: string, rows: string): Promise<string>;
}

/** What the bridge makes of saves, and how its workers start. */
export function livingOf({ home, pid, events, warmSeconds, call }: LivingParts): Required<Pick<Side, "saved" | "starts">> {
  let versions = 0;
  /** Saves a version whose answers tell its number. */
  const save = async (outputsMb = 0): Promise<{ number: number; live: Promise<void>; began: number }> => {
    const number = versions++;
    const live = (await events()).live("saved");
    live.catch(() => {}); // awaited by the caller, perhaps later
    const change = (source: string) => source.replace("    return df\n", `    return df.assign(saved=${number})\n`);
    await saveNotebook(home, "saved", { from: "trivial", change, outputsMb });
    return { number, live, began: performance.now() };
  };
  const timedCall = async (number: number): Promise<number> => {
    const began = performance.now();
    const results = await call("saved", ROWS);
    const took = performance.now() - began;
    if (!results.includes(`4.5,${number}\n`)) throw new Error(`version ${number} was live and answered ${results}`);
    return took;
  };
  const starts: Starts = {
    async firstCallOfVersion() {
      const { number, live } = await save();
      await live;
      return timedCall(number);
    },
    async firstCallOfWorker() {
      const all = await workersOf(pid);
      for (const each of all) process.kill(each, "SIGKILL");
      for (const each of all) while (await isThere(each)) await sleep(5);
      // The bridge hears of their ends through the warm process.
      await sleep(100);
      return timedCall(versions - 1);
    },
    async workersMb() {
      return Promise.all((await workersOf(pid)).map(privateMb));
    },
    warmSeconds,
  };
  return {
    starts,
    async saved(outputsMb) {
      const { live, began } = await save(outputsMb);
      await live;
      return performance.now() - began;
    },
  };
}

/** Processes that the warm process forked: those of Python whose parent is one, too. */
async function workersOf(pid: number): Promise<number[]> {
  const own = await children(pid);
  const warm = await Promise.all(own.map(async (each) => ((await programOf(each)).includes("python") ? children(each) : [])));
  return warm.flat();
}

async function isThere(pid: number): Promise<boolean> {
  return access(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
}

import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerSpec } from "../../../runtimes/runtime.ts";
import type { RunningWorker } from "../environment.ts";

/** How long after a start the next spare is forked: the warm process does one thing at a time, and the start has the cores. */
const QUIET_MS = 10;
/** A spare that lived so long was well, and somebody else ended it. */
const WELL_MS = 200;
/** After so many that were not, one follows another, none does until a worker is asked for: it could go on so for ever. */
const MOST_UNWELL = 3;
/** How long a spare may take to say that it was told: a machine that is full has others go first. */
const HEARD_MS = 5000;

type Kind = Pick<WorkerSpec, "env" | "folder" | "warm">;

/** Workers that have connected and wait to be told what they serve (PROTOCOL.md, Warm processes): one of each kind. */
export class Spares {
  readonly #make: (kind: Kind) => Promise<RunningWorker>;
  /** Those that wait, or are about to. */
  readonly #made = new Map<string, Promise<RunningWorker | undefined>>();
  /** Kinds of which there is one, or soon will be. */
  readonly #wanted = new Set<string>();
  readonly #unwell = new Map<string, number>();
  #isClosed = false;

  /** @param make rejects when there can be none; workers are then forked when they are asked for */
  constructor(make: (kind: Kind) => Promise<RunningWorker>) {
    this.#make = make;
  }

  /** Makes one soon, unless there is one. */
  want(kind: Kind): void {
    const key = keyOf(kind);
    if (this.#isClosed || !kind.warm?.spares || this.#wanted.has(key)) return;
    this.#wanted.add(key);
    setTimeout(() => {
      if (this.#isClosed) return;
      const made = this.#make(kind).catch(() => undefined);
      this.#made.set(key, made);
      void made.then((spare) => this.#keep(key, kind, made, spare));
    }, QUIET_MS).unref();
  }

  /** The spare, which has been told this command. Undefined: there is none, or it did not live to hear it. */
  async take({ command, ...kind }: WorkerSpec): Promise<RunningWorker | undefined> {
    const key = keyOf(kind);
    const made = this.#made.get(key);
    this.#unwell.delete(key);
    if (!made) return undefined;
    this.#drop(key);
    const spare = await made;
    if (!spare) return undefined;
    if (await isHeard(spare, command)) return spare;
    void spare.kill(); // should it live, it must not become what another one is now
    return undefined;
  }

  /** Makes no more. Those that wait are ended with all the environment's. */
  close(): void {
    this.#isClosed = true;
  }

  #keep(key: string, kind: Kind, made: Promise<RunningWorker | undefined>, spare: RunningWorker | undefined): void {
    const isTaken = () => this.#made.get(key) !== made;
    if (!spare && !isTaken()) this.#drop(key); // the next start asks for one again
    const since = performance.now();
    void spare?.ended.then(() => {
      if (isTaken()) return;
      this.#drop(key);
      const unwell = performance.now() - since > WELL_MS ? 0 : (this.#unwell.get(key) ?? 0) + 1;
      this.#unwell.set(key, unwell);
      if (unwell < MOST_UNWELL) this.want(kind);
    });
  }

  #drop(key: string): void {
    this.#made.delete(key);
    this.#wanted.delete(key);
  }
}

function keyOf({ env, folder, warm }: Kind): string {
  return JSON.stringify([env, folder, warm]);
}

/** Tells a spare its command. False when it does not say that it knows. */
async function isHeard({ stream, ended }: RunningWorker, command: WorkerSpec["command"]): Promise<boolean> {
  const late = new AbortController();
  const heard = Promise.withResolvers<boolean>();
  const look = () => {
    if (stream.read(1) !== null) heard.resolve(true);
  };
  stream.on("readable", look);
  stream.write(`${JSON.stringify({ argv: command })}\n`);
  const never = Promise.race([ended, sleep(HEARD_MS, undefined, { signal: late.signal })]).then(
    () => false,
    () => false,
  );
  return await Promise.race([heard.promise, never]).finally(() => {
    late.abort();
    stream.off("readable", look);
  });
}

import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Environment } from "../../../server/environments/environment.ts";
import { localEnvironment } from "../../../server/environments/local/environment.ts";
import { type Pool, type PoolCall, startPool } from "../../../server/workers/pool.ts";
import { callOf, clock, descendants, fixtureSpec, keeping, quiet, until } from "./fixture.ts";

const slots = { fit: 1, apply: 2, plain: 1, perKey: 2 };
/** What all callers together compute at once: half as much again as one. */
const places = { fit: 2, apply: 3 };
const callers = ["alice", "bob"];

const caller = fc.constantFrom(...callers);
const times = fc.integer({ min: 1, max: 5 });
const which = fc.nat(1000);
const event = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant("begin" as const), caller, times, algorithm: fc.constantFrom("iris", "iris", "other") }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("begin fit" as const), caller, times }) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constantFrom("send", "trickle", "trickle", "end", "cancel", "stop taking", "take"), which }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("kill" as const), which }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("wait" as const), ms: fc.constantFrom(0, 400, 12_000, 65_000) }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

/** A call whose caller sends and takes when it is told to. */
class Puppet {
  readonly ended: Promise<string>;
  sent = "";
  isCancelled = false;
  trickles = false;
  readonly #kept = keeping();
  readonly #over = new AbortController();
  readonly #pieces: string[] = [];
  #isWhole = false;
  #moves = Promise.withResolvers<void>();
  #taking: PromiseWithResolvers<void> | undefined;

  constructor(begin: (more: Pick<PoolCall, "input" | "sink" | "signal">) => Promise<unknown>) {
    const sink = { ...this.#kept.sink, table: (bytes: Buffer) => this.#take(bytes) };
    const { signal } = this.#over;
    signal.addEventListener("abort", () => this.finish());
    this.ended = begin({ input: this.#rows(), sink, signal }).then(
      () => this.#kept.text(),
      (error: Error) => error.name,
    );
  }

  send(): void {
    if (!this.#isWhole) this.#pieces.push("1\n");
    this.#moves.resolve();
  }

  end(): void {
    this.#isWhole = true;
    this.#moves.resolve();
  }

  stopTaking(): void {
    this.#taking ??= Promise.withResolvers();
  }

  take(): void {
    this.#taking?.resolve();
    this.#taking = undefined;
  }

  cancel(): void {
    this.isCancelled = true;
    this.#over.abort();
  }

  finish(): void {
    this.end();
    this.take();
  }

  #take(bytes: Buffer): Promise<void> | undefined {
    this.#kept.sink.table(bytes);
    return this.#taking?.promise;
  }

  async *#rows() {
    this.sent += "a\n";
    yield Buffer.from("a\n");
    for (;;) {
      for (let piece = this.#pieces.shift(); piece; piece = this.#pieces.shift()) {
        this.sent += piece;
        yield Buffer.from(piece);
      }
      if (this.#isWhole) return;
      this.#moves = Promise.withResolvers();
      await this.#moves.promise;
    }
  }
}

let environment: Environment;
let pool: Pool;
let ahead = 0;

beforeEach(() => {
  environment = localEnvironment({ log: quiet });
});
afterEach(async () => {
  await environment[Symbol.asyncDispose]();
  expect(descendants()).toEqual([]);
});

function request(who: string, algorithm: string, purpose: "fit" | "apply", method = "echo", param = {}) {
  return {
    ...{ algorithm, key: `${algorithm}@1`, environment, spec: fixtureSpec(algorithm), purpose, caller: who, isScheduled: false },
    call: callOf(method, param),
    deadline: { seconds: 100, limit: "the test's limit" },
  };
}

async function happens(what: Event, puppets: Puppet[]): Promise<void> {
  if (what.does === "begin" || what.does === "begin fit") {
    const isFit = what.does === "begin fit";
    const asked = request(what.caller, isFit ? "iris" : what.algorithm, isFit ? "fit" : "apply");
    for (let i = 0; i < what.times; i++) puppets.push(new Puppet((more) => pool.call({ ...asked, ...more })));
  } else if (what.does === "wait") {
    ahead += what.ms;
    await new Promise((resolve) => setTimeout(resolve, 120)); // a look of the pool's
  } else if (what.does === "kill") {
    const pids = pool.snapshot().workers.flatMap(({ pid }) => (pid ? [pid] : []));
    const pid = pids[what.which % pids.length];
    if (pid) process.kill(pid, "SIGKILL");
  } else {
    const puppet = puppets[what.which % puppets.length];
    if (what.does === "send") puppet?.send();
    else if (what.does === "end") puppet?.end();
    else if (what.does === "cancel") puppet?.cancel();
    else if (what.does === "take") puppet?.take();
    else if (what.does === "trickle" && puppet) puppet.trickles = true;
    else puppet?.stopTaking();
  }
}

/** Who comes anew is answered soon, though nobody of those that are there may ever move again, or they trickle for good. */
async function serves(purpose: "fit" | "apply", puppets: readonly Puppet[]): Promise<void> {
  let isAnswered = false;
  const rows = { input: Buffer.from("a\n1\n"), sink: keeping().sink, signal: new AbortController().signal };
  const answered = pool.call({ ...request("newcomer", "iris", purpose), ...rows }).then(() => {
    isAnswered = true;
  });
  for (let i = 0; !isAnswered; i++) {
    for (const each of puppets) if (each.trickles) each.send();
    ahead += 1000;
    expect(i).toBeLessThan(100);
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  await answered;
}

/** As many compute at once as ever, and no more. */
async function hasAllPlaces(purpose: "fit" | "apply"): Promise<void> {
  const over = new AbortController();
  const asleep = callers.flatMap((who) =>
    ["iris", "other"].map((algorithm) => {
      const rows = { input: Buffer.from("a\n"), sink: keeping().sink, signal: over.signal };
      return pool.call({ ...request(who, algorithm, purpose, "sleep", { ms: 1e8 }), ...rows }).catch(() => {});
    }),
  );
  const running = () => pool.snapshot().queues.reduce((sum, each) => sum + each.running, 0);
  await until(() => running() >= places[purpose]);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(running()).toBe(places[purpose]);
  over.abort();
  await Promise.all(asleep);
}

it("are all free again after any calls that stop, go on, end or lose their worker, and never all taken by those that stopped", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 60, size: "max" }), async (events) => {
      const later = { ...clock, ticks: () => clock.ticks() + ahead };
      pool = startPool({ queueLimit: 64, memoryBytes: 8e9, slots, clock: later, log: quiet });
      const puppets: Puppet[] = [];
      try {
        for (const each of events) await happens(each, puppets);
        await Promise.all([serves("apply", puppets), serves("fit", puppets)]);
        for (const each of puppets) each.finish();
        const ends = await Promise.all(puppets.map(({ ended }) => ended));
        const isRight = ({ sent, isCancelled }: Puppet, end: string | undefined) =>
          end === sent || end === "WorkerLost" || end === "CallerStalled" || (isCancelled && end === "Cancelled");
        expect(ends.filter((end, i) => !isRight(puppets[i] as Puppet, end))).toEqual([]);
        expect(pool.snapshot().queues).toEqual([]);
        await hasAllPlaces("apply");
        await hasAllPlaces("fit");
      } finally {
        for (const each of puppets) each.cancel();
        await pool[Symbol.asyncDispose]();
      }
    }),
    { numRuns: Number(process.env.PLACES_RUNS ?? 8) },
  );
}, 600_000);

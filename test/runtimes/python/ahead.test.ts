import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Bench, type Probe } from "../bench.ts";
import { begunIn, SOURCE } from "./ahead.ts";

const row = (name: string) => `a\n${name}\n`;

describe("calls that are sent ahead of an answer", () => {
  let bench: Bench;
  let begun: ReturnType<typeof begunIn>;
  let probe: Probe;
  const start = async () => {
    probe = await bench.worker(SOURCE);
  };
  const call = (name: string, more: { seconds?: number; dies?: boolean } = {}, signal = new AbortController().signal) =>
    probe.call(row(name), { param: JSON.stringify({ name, begun: begun.path, ...more }) }, { signal });
  const outcome = (answer: ReturnType<typeof call>) =>
    answer.then(
      ({ csv, error }) => error?.type ?? csv.split("\n")[1]?.split(",")[0],
      (error: Error) => error.name,
    );
  const begins = async (name: string) => {
    while (!begun.names().includes(name)) await new Promise((resolve) => setTimeout(resolve, 2));
  };

  beforeAll(async () => {
    bench = await Bench.open();
    await start();
  });
  beforeEach(() => {
    begun = begunIn(bench);
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  it("are answered in order, each with its own rows", async () => {
    const names = Array.from({ length: 9 }, (_, number) => String(number));
    const answers = await Promise.all(names.map((name) => outcome(call(name, { seconds: 0.01 }))));
    expect(answers).toEqual(names);
    expect(begun.names()).toEqual(names);
  });

  it("are taken back when the one before takes long, and are not computed", async () => {
    const answers = ["1", "2", "3"].map((name) => outcome(call(name, { seconds: name === "1" ? 0.3 : 0 })));
    await begins("1");
    expect(probe.link.mayFollow).toBe(true);
    expect(probe.link.takeBack()).toBe(0);
    expect(probe.link.mayFollow).toBe(false); // until the worker has refused them
    expect(await Promise.all(answers)).toEqual(["1", "TakenBack", "TakenBack"]);
    expect(await outcome(call("4"))).toBe("4");
    expect(begun.names()).toEqual(["1", "4"]);
    expect(probe.link.mayFollow).toBe(true);
  });

  it("come back when the one before is cancelled, which alone is interrupted", async () => {
    const over = new AbortController();
    const answers = [outcome(call("1", { seconds: 100 }, over.signal)), outcome(call("2")), outcome(call("3"))];
    await begins("1");
    over.abort(Object.assign(new Error("gone"), { name: "Gone" }));
    expect(await Promise.all(answers)).toEqual(["Gone", "TakenBack", "TakenBack"]);
    expect(probe.link.isUsable).toBe(true);
    expect(await outcome(call("4"))).toBe("4");
    expect(begun.names()).toEqual(["1", "4"]);
  });

  it("are not computed when they are cancelled before they begin; those behind come back", async () => {
    const over = new AbortController();
    const answers = [outcome(call("1", { seconds: 0.2 })), outcome(call("2", {}, over.signal)), outcome(call("3"))];
    await begins("1");
    over.abort(Object.assign(new Error("gone"), { name: "Gone" }));
    expect(await Promise.all(answers.slice(1))).toEqual(["Gone", "TakenBack"]);
    expect(await answers[0]).toBe("1");
    expect(await outcome(call("4"))).toBe("4");
    expect(begun.names()).toEqual(["1", "4"]);
  });

  it("come back when the worker dies in the one before", async () => {
    const answers = [outcome(call("1", { seconds: 0.05, dies: true })), outcome(call("2")), outcome(call("3"))];
    expect(await Promise.all(answers)).toEqual(["WorkerLost", "TakenBack", "TakenBack"]);
    expect(begun.names()).toEqual(["1"]);
    await start();
  });

  it("come back or are lost when the worker dies with more to read than its socket holds: none that began comes back", async () => {
    const rows = Buffer.concat([Buffer.from("a\n"), Buffer.alloc(60_000, "1\n")]);
    const many = (name: string, more: object) =>
      probe.call(rows, { param: JSON.stringify({ name, begun: begun.path, ...more }) }).then(
        () => "answered",
        (error: Error) => error.name,
      );
    const first = outcome(call("0", { seconds: 0.3 }));
    await begins("0");
    const answers = Array.from({ length: 9 }, (_, at) => many(String(at + 1), { dies: at === 0 }));
    expect(await first).toBe("0");
    expect(await Promise.all(answers)).toEqual(["WorkerLost", ...Array(8).fill("TakenBack")]);
    expect(begun.names()).toEqual(["0", "1"]);
    await start();
  });

  it("end at their deadline also while a slow receiver holds the answer in front", async () => {
    const held = Promise.withResolvers<void>();
    const asked = (name: string) => probe.asked({ param: JSON.stringify({ name, begun: begun.path }) });
    const front = probe.link.call(
      asked("1"),
      Buffer.from(row("1")),
      { event() {}, table: () => held.promise },
      new AbortController().signal,
    );
    const over = new AbortController();
    const behind = outcome(call("2", { seconds: 100 }, over.signal)); // an interrupt that met its answer would spoil the worker
    await begins("2");
    over.abort(Object.assign(new Error("gone"), { name: "Gone" }));
    expect(await behind).toBe("Gone");
    expect((await front).rows.returned).toBe(1);
    expect(probe.link.isUsable).toBe(true);
    held.resolve();
    expect(await outcome(call("3"))).toBe("3");
  });

  it("are no more than one that is not small", async () => {
    const answer = outcome(call("1", { seconds: 0.1 }));
    await expect(probe.call(Buffer.alloc(2 ** 17, "a\n"))).rejects.toThrow("one call at a time");
    expect(await answer).toBe("1");
  });

  it("begin once or not at all, whatever is cancelled and taken back when", async () => {
    const step = fc.record({
      seconds: fc.constantFrom(0, 0, 0.001, 0.005),
      pause: fc.constantFrom(0, 0, 1, 3),
      act: fc.constantFrom("none", "none", "cancel", "take back"),
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
        begun = begunIn(bench);
        if (!probe.link.isUsable) await start(); // a late interrupt may have met an answer
        const under: { name: string; over: AbortController; answer: Promise<unknown> }[] = [];
        for (const { seconds, pause, act } of steps) {
          if (probe.link.mayFollow || under.length === 0) {
            const name = String(++number);
            const over = new AbortController();
            under.push({ name, over, answer: outcome(call(name, { seconds }, over.signal)) });
          }
          if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
          if (act === "take back") probe.link.takeBack();
          if (act === "cancel") under[number % under.length]?.over.abort(Object.assign(new Error("gone"), { name: "Gone" }));
        }
        const answers = await Promise.all(under.map(async ({ name, answer }) => ({ name, said: await answer })));
        const names = begun.names();
        expect(new Set(names).size).toBe(names.length);
        for (const { name, said } of answers) {
          expect([name, "TakenBack", "Gone"]).toContain(said);
          if (said !== "Gone") expect(names.includes(name)).toBe(said === name);
        }
      }),
      { numRuns: 60 },
    );
  });
});

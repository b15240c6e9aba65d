import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asking, Turns } from "../../../server/workers/turns.ts";

interface Entry {
  readonly request: Asking;
  readonly name: string;
}

const any = () => true;

/** `caller/algorithm`, with a `*` when it is scheduled, and a number to tell it from others. */
function entry(name: string, more: Partial<Asking> = {}): Entry {
  const [caller = "", algorithm = "a"] = name.replace(/[*\d]/g, "").split("/");
  const request = { algorithm, key: `${algorithm}@1`, purpose: "apply", caller, isScheduled: name.includes("*"), ...more } as const;
  return { request, name };
}

function waiting(...names: string[]): Turns<Entry> {
  const turns = new Turns<Entry>();
  for (const name of names) turns.add(entry(name));
  return turns;
}

function served(turns: Turns<Entry>, fits: (entry: Entry) => boolean = any): string[] {
  const order: string[] = [];
  for (;;) {
    const next = turns.next("apply", fits);
    if (!next) return order;
    order.push(next.name);
  }
}

describe("turns", () => {
  it("go round the callers, round the algorithms of each, and within one by arrival", () => {
    const turns = waiting("ann/a1", "ann/a2", "ann/b1", "bob/a1", "bob/a2", "cy/c1");
    expect(served(turns)).toEqual(["ann/a1", "bob/a1", "cy/c1", "ann/b1", "bob/a2", "ann/a2"]);
  });

  it("let one who comes go before a flood that was served a moment ago, and no second time", () => {
    const turns = waiting("flood1", "flood2", "flood3", "flood4");
    expect(turns.next("apply", any)?.name).toBe("flood1");
    turns.add(entry("one1"));
    turns.add(entry("one2"));
    expect(served(turns)).toEqual(["one1", "flood2", "one2", "flood3", "flood4"]);
  });

  it("pass over those that cannot be served now, and give them nothing for it later", () => {
    const turns = waiting("ann/a1", "ann/a2", "ann/a3", "bob/b1", "bob/b2", "bob/b3");
    const bobs = (each: Entry) => each.request.caller === "bob";
    expect([turns.next("apply", bobs)?.name, turns.next("apply", bobs)?.name]).toEqual(["bob/b1", "bob/b2"]);
    expect(turns.next("fit", any)).toBeUndefined();
    expect(served(turns)).toEqual(["ann/a1", "ann/a2", "bob/b3", "ann/a3"]);
  });

  it("put people before scheduled searches, which get every fifth", () => {
    const people = Array.from({ length: 10 }, (_, n) => `ann${n}`);
    const turns = waiting("cron*1", "cron*2", "cron*3", ...people);
    const order = served(turns).map((name) => (name.includes("*") ? "*" : "."));
    expect(order.join("")).toBe("....*....*..*");
  });

  it("put one that comes again before the others of its line", () => {
    const turns = waiting("ann2");
    turns.add(entry("ann1"), { isFirst: true });
    expect(served(turns)).toEqual(["ann1", "ann2"]);
  });

  it("count by algorithm and by caller, and forget who left", () => {
    const turns = waiting("ann1", "bob1");
    const [left, scheduled] = [entry("ann2"), entry("ann*3")];
    turns.add(left);
    turns.add(scheduled);
    expect([turns.count("a"), turns.countOf(left.request), turns.countOf(scheduled.request)]).toEqual([4, 2, 1]);
    expect([turns.remove(left), turns.remove(left)]).toEqual([true, false]);
    expect([...turns.counts()]).toEqual([["a", 3]]);
    expect(turns.clear().map(({ name }) => name)).toEqual(["ann1", "bob1", "ann*3"]);
    expect([turns.isEmpty("apply"), turns.count("a"), turns.countOf(left.request)]).toEqual([true, 0, 0]);
  });
});

const callers = fc.constantFrom("ann", "bob", "cy", "dee");
const arrival = fc.record({ caller: callers, algorithm: fc.constantFrom("a", "b", "c"), isScheduled: fc.boolean() });
/** Calls come, and now and then a worker is free, for all or for one algorithm. */
const steps = fc.array(fc.oneof(arrival, fc.constantFrom("any", "a", "b")), { maxLength: 120 });

describe("whatever comes, turns", () => {
  it("serve each once, in the order of its line", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const turns = new Turns<Entry>();
        const came: Entry[] = [];
        const went: Entry[] = [];
        for (const step of all) {
          if (typeof step === "string") {
            const next = turns.next("apply", ({ request }) => step === "any" || request.algorithm === step);
            if (next) went.push(next);
            continue;
          }
          const { caller, algorithm } = step;
          came.push({ name: `${came.length}`, request: { ...step, caller, key: `${algorithm}@1`, purpose: "apply" } });
          turns.add(came.at(-1) as Entry);
        }
        for (let next = turns.next("apply", any); next; next = turns.next("apply", any)) went.push(next);
        expect(new Set(went)).toEqual(new Set(came));
        expect(went.length).toBe(came.length);
        const lineOf = ({ request }: Entry) => JSON.stringify(request);
        for (const line of new Set(came.map(lineOf)))
          expect(went.filter((each) => lineOf(each) === line)).toEqual(came.filter((each) => lineOf(each) === line));
        expect([...turns.counts()]).toEqual([]);
      }),
    );
  });

  it("let nobody have more than two turns while somebody of the same kind waits for one", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(callers, fc.constant("free")), { maxLength: 150 }), (all) => {
        const turns = new Turns<Entry>();
        const others = new Map<string, Map<string, number>>(); // by who waits: the turns that each other had meanwhile
        for (const step of all) {
          if (step !== "free") {
            turns.add(entry(step));
            if (!others.has(step)) others.set(step, new Map());
            continue;
          }
          const next = turns.next("apply", any)?.request.caller;
          if (next === undefined) continue;
          others.delete(next);
          if (turns.countOf(entry(next).request) > 0) others.set(next, new Map());
          for (const [who, had] of others) {
            if (who === next) continue;
            had.set(next, (had.get(next) ?? 0) + 1);
            expect(had.get(next), `${next} while ${who} waits`).toBeLessThanOrEqual(2);
          }
        }
      }),
    );
  });

  it("let no scheduled call wait for more than four of people's", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("ann", "cron*", "free"), { maxLength: 150 }), (all) => {
        const turns = new Turns<Entry>();
        let before = 0;
        for (const step of all) {
          if (step !== "free") turns.add(entry(step));
          else if (turns.next("apply", any)?.request.isScheduled === false && turns.countOf(entry("cron*").request) > 0) before++;
          else before = 0;
          expect(before).toBeLessThanOrEqual(4);
        }
      }),
    );
  });
});

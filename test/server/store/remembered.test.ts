import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Event } from "#contract/event.ts";
import { openStore } from "../../../server/store/open.ts";
import { remembered } from "../../../server/store/remembered.ts";
import type { Store } from "../../../server/store/store.ts";
import { algorithm, begun, quietLog, runId, steppingClock } from "./store-suite.ts";

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "remembered-"));
  store = await openStore({ file: join(folder, "store.sqlite"), clock: steppingClock(), log: quietLog });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** The store's readers, remembered, and how often the store itself was asked for an algorithm. */
function counted() {
  const asked: string[] = [];
  const algorithms = {
    ...store.algorithms,
    find(name: string) {
      asked.push(name);
      return store.algorithms.find(name);
    },
  };
  return { asked, readers: remembered(algorithms, store.models, store.events) };
}
const put = (name: string, title: string) => store.transaction((tx) => tx.algorithms.put({ ...algorithm(name), title }));

it("asks once for a name, also for one that is not there, until something changes", async () => {
  const { asked, readers } = counted();
  for (let times = 0; times < 3; times++) expect(await readers.algorithms.find("iris")).toBeUndefined();
  await put("iris", "First");
  for (let times = 0; times < 3; times++) expect((await readers.algorithms.find("iris"))?.title).toBe("First");
  expect(asked).toEqual(["iris", "iris"]);
  await put("iris", "Second");
  expect((await readers.algorithms.find("iris"))?.title).toBe("Second");
});

it("is not made to forget by runs", async () => {
  const { asked, readers } = counted();
  await readers.algorithms.find("iris");
  const heard: Event["kind"][] = [];
  store.events.subscribe(({ kind }) => heard.push(kind));
  store.runs.start(begun(1));
  store.runs.finish(runId(1), { state: "succeeded", receipt: null, error: null });
  await store.runs.flush();
  expect(heard).toEqual(["run.started", "run.finished"]);
  await readers.algorithms.find("iris");
  expect(asked).toEqual(["iris"]);
});

it("keeps no answer that was on its way while something changed, nor a failure", async () => {
  const waiting = Promise.withResolvers<void>();
  let fails = true;
  const slow = {
    ...store.algorithms,
    async find(name: string) {
      const found = await store.algorithms.find(name);
      await waiting.promise;
      if (fails) throw new Error("the disk is gone");
      return found;
    },
  };
  const { algorithms } = remembered(slow, store.models, store.events);
  const early = algorithms.find("iris");
  await put("iris", "First");
  waiting.resolve();
  await expect(early).rejects.toThrow("the disk is gone");
  await expect(algorithms.find("iris")).rejects.toThrow("the disk is gone");
  fails = false;
  expect((await algorithms.find("iris"))?.title).toBe("First");
});

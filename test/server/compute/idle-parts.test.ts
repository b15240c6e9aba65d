import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Call } from "#contract/call.ts";
import { endIdleParts } from "../../../server/compute/idle-parts.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { begun, quietLog, runId, versionId } from "../store/store-suite.ts";

const call: Call = {
  ...{
    method: "apply",
    algorithm: "iris",
    model: "default",
    modelVersion: null,
    environment: null,
    param: "{}",
    fields: null,
    strict: false,
  },
  ...{ input: "csv", output: "csv", caller: "me", append: null, timeout: null, search: null, part: null, rowsSent: null },
};
let folder: string;
let store: Store;
let now: number;
const clock = { now: () => new Date(now).toISOString(), ticks: () => now };

beforeEach(async () => {
  now = Date.parse("2026-01-31T00:00:00Z");
  folder = await mkdtemp(join(tmpdir(), "idle-"));
  store = await openStore({ file: join(folder, "store.sqlite"), clock, log: quietLog });
  await store.transaction((tx) => tx.parts.open(begun(1, { version: versionId(1) }), call, null, []));
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
const pass = async (seconds: number) => {
  now += seconds * 1000;
  await vi.advanceTimersByTimeAsync(seconds * 1000);
};
const state = async () => (await store.runs.find(runId(1)))?.state;

it("a run in parts is cancelled after an hour of silence, and not before", async () => {
  using _ = endIdleParts(store, clock, quietLog);
  await pass(3590);
  expect(await state()).toBe("running");
  await pass(120);
  await vi.waitFor(async () => expect(await state()).toBe("cancelled"));
});

it("a run in parts is cancelled five minutes after its caller's connection closed, unless it came back", async () => {
  using idle = endIdleParts(store, clock, quietLog);
  idle.left(runId(1));
  await pass(200);
  await store.transaction((tx) => tx.parts.keep(runId(1), 1, { receipt: null, error: null, log: [], metrics: [] }));
  await pass(120);
  expect(await state()).toBe("running");
  idle.left(runId(1));
  await pass(301);
  await vi.waitFor(async () => expect(await state()).toBe("cancelled"));
});

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { byRows, double, echo, endless } from "./algorithms.ts";
import type { Fate } from "./splunkd/counting-proxy.ts";
import { chunkCsv } from "./splunkd/csv.ts";
import { encodeRequest } from "./splunkd/frames.ts";
import type { RunningSearch } from "./splunkd/running-search.ts";
import { type WithBridge, withBridge } from "./splunkd/with-bridge.ts";

let given: WithBridge;
let folder: string;
let marker: string;
let count = 0;
let openings: Fate = "pass";
const rows = [{ a: "1" }, { a: "2" }];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ends-"));
  given = await withBridge({ fateOf: ({ path }) => (path.startsWith("/v1/runs?") ? openings : "pass") });
  await given.test.save("endless.ipynb", endless);
  await given.test.save("endless_parts.ipynb", endless, byRows);
  await given.test.save("echo.ipynb", echo);
  await given.test.save("double.ipynb", double, byRows);
});
beforeEach(() => {
  openings = "pass";
  count += 1;
  marker = join(folder, `runs-${count}`);
});
afterAll(async () => {
  await given[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const start = (command: string) => given.splunkd.start({ command: `compute ${command} marker="${marker}"` });
const isEnded = () => expect.poll(() => existsSync(`${marker}.ended`), { timeout: 30_000 }).toBe(true);
const isComputing = () => expect.poll(() => existsSync(marker), { timeout: 30_000 }).toBe(true);
const states = async (running: RunningSearch) => (await given.runsOf(running.facts.sid)).map((each) => each.state);
const isCancelled = (running: RunningSearch) => expect.poll(() => states(running), { timeout: 30_000 }).toEqual(["cancelled"]);

/** A search whose rows the bridge computes on, without an end. */
async function computing(algorithm: string, method = "apply") {
  const running = await start(`algorithm=${algorithm} method=${method}`);
  await running.getinfo();
  const answering = (async () => {
    await running.send(rows, running.type === "events");
    if (running.type !== "events") await running.end();
    await running.drain();
  })().catch((error: Error) => error);
  await isComputing();
  return { running, answering };
}

describe.each([
  ["endless", "apply"],
  ["endless_parts", "apply"],
  ["endless", "fit"],
])("a search that computes (%s, %s)", (algorithm, method) => {
  it.each([
    ["its input ends", (running: RunningSearch) => running.command.closeStdin()],
    ["it is terminated", (running: RunningSearch) => running.command.kill("SIGTERM")],
    ["nobody reads its output", (running: RunningSearch) => [running.command.closeStdout(), running.command.closeStdin()]],
    ["it is killed", (running: RunningSearch) => running.command.kill("SIGKILL")],
  ])(
    "ends at the bridge when %s",
    async (_, stop) => {
      const { running, answering } = await computing(algorithm, method);
      await using _running = running;
      stop(running);
      await answering;
      const { signal } = await running.command.ended;
      await isEnded();
      // A run in parts whose caller was killed may still be gone on with, by the next part.
      if (signal !== "SIGKILL" || algorithm === "endless") await isCancelled(running);
      expect(running.command.stderr).toBe("");
    },
    120_000,
  );

  it("is finalized: ends at the bridge, and answers what there is", async () => {
    const { running, answering } = await computing(algorithm, method);
    await using _running = running;
    await running.finalize();
    expect(await answering).toBeUndefined();
    const result = await given.splunkd.result(running);
    expect(result).toMatchObject({ exitCode: 0, stderr: "", signal: null });
    expect(result.replies.at(-1)?.metadata.finished).toBe(true);
    await isEnded();
    await isCancelled(running);
  }, 120_000);
});

describe("input that ends", () => {
  it.each(["echo", "double"])("between chunks is no end of the rows: %s", async (algorithm) => {
    await using running = await start(`algorithm=${algorithm} method=apply`);
    await running.getinfo();
    await running.send(rows);
    const result = await given.splunkd.result(running);
    expect(result.replies.at(-1)?.metadata.finished).toBe(false);
    await expect.poll(async () => (await states(running)).filter((each) => each !== "cancelled")).toEqual([]);
  });

  it.each([
    ["echo", "apply", "header line"],
    ["echo", "apply", "metadata"],
    ["echo", "apply", "rows"],
    ["double", "apply", "rows"],
    ["echo", "fit", "rows"],
  ])("inside a chunk is an error and never a result: %s %s, in its %s", async (algorithm, method, where) => {
    await using running = await start(`algorithm=${algorithm} method=${method}`);
    await running.getinfo();
    const request = encodeRequest({ action: "execute", finished: true }, chunkCsv(rows));
    const at = { "header line": 9, metadata: 30, rows: request.length - 3 }[where] ?? 0;
    const calls = () => given.proxy.requests.filter(({ path }) => path.startsWith("/v1/runs?") || path.startsWith("/v1/compute")).length;
    const before = calls();
    await running.command.write(request.subarray(0, at));
    if (where === "rows") await expect.poll(calls, { timeout: 20_000 }).toBeGreaterThan(before);
    // Whoever sent it reads no reply any more: what was wrong goes to the log.
    expect(await running.command.finish()).toEqual({ exitCode: 0, signal: null });
    const lines = (await given.splunkd.installation.log()).split("\n").filter((each) => each.includes(running.facts.sid));
    expect(lines.at(-1)).toMatch(/outcome="(gone|failed|cut)"/);
    expect(lines.join("\n")).toMatch(/ERROR.*not whole|its input is closed/);
    await expect.poll(async () => (await states(running)).filter((each) => each !== "cancelled" && each !== "failed")).toEqual([]);
  });

  it("while a run is being opened leaves none open", async () => {
    openings = "late";
    await using running = await start("algorithm=double method=apply");
    await running.getinfo();
    const opened = given.proxy.count("POST", "/v1/runs?") + 1;
    const request = encodeRequest({ action: "execute", finished: true }, chunkCsv(rows));
    await running.command.write(request.subarray(0, request.length - 3));
    await expect.poll(() => given.proxy.count("POST", "/v1/runs?"), { timeout: 20_000 }).toBe(opened);
    expect(await running.command.finish()).toEqual({ exitCode: 0, signal: null });
    await expect.poll(() => states(running)).toEqual(["cancelled"]);
  });

  it("before getinfo is a clean end", async () => {
    await using running = await start("algorithm=echo method=apply");
    expect(await given.splunkd.result(running)).toMatchObject({ exitCode: 0, stderr: "", replies: [] });
  });
});

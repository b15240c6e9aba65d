import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { byRows, double, echo, scorer } from "./algorithms.ts";
import { expectSentence } from "./splunkd/sentence.ts";
import { type WithBridge, withBridge } from "./splunkd/with-bridge.ts";

let given: WithBridge;
const rows = [{ a: "1" }, { a: "2" }];
const fit = 'compute algorithm=scorer feature_variables="a" method=fit';

beforeAll(async () => {
  given = await withBridge({ users: { alice: ["bridge_engineer"], bob: ["bridge_user"], carol: [] } });
  await given.test.save("scorer.ipynb", scorer);
  await given.test.save("echo.ipynb", echo);
  await given.test.save("double.ipynb", double, byRows);
});
afterAll(() => given[Symbol.asyncDispose]());

describe("processes that the bridge never hears of", () => {
  it.each([fit, `${fit} mode=stage`, "compute algorithm=scorer method=summary", "compute algorithm=double method=apply"])(
    "the parser's, for %s",
    async (command) => {
      const before = [given.proxy.requests.length, given.splunkd.management.asked.length];
      for (const sid of ["searchparsetmp_1234", "1767225600.12_tmp", "tmp"]) {
        for (const isLoggedIn of [true, false]) {
          const result = await given.splunkd.parse({ command, sid, isLoggedIn });
          expect(result).toMatchObject({ error: undefined, exitCode: 0, stderr: "", messages: [] });
          expect(result.replies[0]?.metadata.type).toBe(command.endsWith("apply") ? "stateful" : "events");
        }
      }
      expect([given.proxy.requests.length, given.splunkd.management.asked.length]).toEqual(before);
    },
  );

  it.each([fit, `${fit} mode=stage`, "compute algorithm=scorer method=summary"])("previews, for %s", async (command) => {
    const before = given.proxy.requests.length;
    const preview = await given.splunkd.search({ command, chunks: [rows, rows], preview: true });
    expect(preview).toMatchObject({ error: undefined, exitCode: 0, stderr: "" });
    expect(preview.rows).toEqual([]);
    expect(given.proxy.requests.length).toBe(before);
  });

  it("previews beside a fit, which happens once", async () => {
    const result = await given.splunkd.search({ command: fit, chunks: [rows, rows, rows], previewsAfter: [0, 1] });
    expect([result.error, result.rows.length, ...result.previews.map((each) => each.rows.length)]).toEqual([undefined, 6, 0, 0]);
    expect((await given.runsOf(result.sid)).map((each) => each.method)).toEqual(["fit"]);
  });
});

it("who asks is on the run: user, app, search and whether it is scheduled", async () => {
  const command = "compute algorithm=double method=apply";
  const adHoc = await given.splunkd.search({ command, chunks: [rows], as: "bob", app: "search" });
  const sid = "scheduler__alice__ops__RMD5abc_at_1767225600_7";
  await given.splunkd.search({ command: "compute algorithm=echo method=apply", chunks: [rows], as: "alice", app: "ops", sid });
  expect(await given.runsOf(adHoc.sid)).toMatchObject([
    { caller: expect.stringMatching(/\/bob$/), search: { id: adHoc.sid, app: "search", isScheduled: false } },
  ]);
  expect(await given.runsOf(sid)).toMatchObject([
    { caller: expect.stringMatching(/\/alice$/), search: { id: sid, app: "ops", isScheduled: true } },
  ]);
});

describe("who may ask", () => {
  it("is told by capabilities: one clear sentence for the others", async () => {
    const asked = (as: string, command: string) => given.splunkd.search({ command, chunks: [rows], as });
    expect((await asked("bob", "compute algorithm=double method=apply")).error).toBeUndefined();
    expectSentence(await asked("bob", fit), /compute_bridge_fit/);
    expectSentence(await asked("bob", "compute algorithm=scorer mode=stage"), /compute_bridge_stage/);
    expectSentence(await asked("carol", "compute algorithm=double method=apply"), /compute_bridge_apply/);
  });

  it("needs a session", async () => {
    const result = await given.splunkd.search({ command: fit, chunks: [rows], isLoggedIn: false });
    expectSentence(result, /session|log/i);
  });
});

it("a row-wise search is parts of one run on one connection; a lost part is sent again and counted once", async () => {
  let parts = 0;
  const lose = (path: string) => (path.includes("/parts/") ? (["pass", "cut-before", "pass", "cut-after", 503] as const)[parts++] : "pass");
  await using flaky = await withBridge({ fateOf: ({ path }) => lose(path) ?? "pass" });
  await flaky.test.save("double.ipynb", double, byRows);
  const chunks = [1, 2, 3].map((at) => [{ a: `${at}` }]);
  const result = await flaky.splunkd.search({ command: "compute algorithm=double method=apply", chunks });
  expect([result.error, result.rows.map((each) => Number(each.twice))]).toEqual([undefined, [2, 4, 6]]);
  const runs = await flaky.runsOf(result.sid);
  expect(runs).toMatchObject([{ state: "succeeded", receipt: { rows: { received: 3, returned: 3 } } }]);
  expect(flaky.proxy.count("POST", "/v1/runs?")).toBe(1);
  expect(flaky.proxy.count("POST", `/v1/runs/${runs[0]?.id}/parts/`)).toBeGreaterThan(3);
});

it("a whole-table upload that is lost is not sent again", async () => {
  await using flaky = await withBridge({ fateOf: ({ path }) => (path.startsWith("/v1/compute") ? "cut-after" : "pass") });
  await flaky.test.save("echo.ipynb", echo);
  const result = await flaky.splunkd.search({ command: "compute algorithm=echo method=apply", chunks: [rows] });
  expectSentence(result, /bridge/i);
  expect(flaky.proxy.count("POST", "/v1/compute")).toBe(1);
});

it("no secret is anywhere to be seen, and none is kept", async () => {
  const command = "compute algorithm=double method=apply";
  const results = [
    await given.splunkd.search({ command, chunks: [rows] }),
    await given.splunkd.search({ command: fit, chunks: [rows] }),
    await given.splunkd.search({ command: fit, chunks: [rows], as: "carol" }),
    await given.splunkd.search({ command: "compute algorithm=nowhere method=apply", chunks: [rows] }),
  ];
  expect(results.map((each) => each.error === undefined)).toEqual([true, true, false, false]);
  expect(await given.splunkd.leaks(results, [])).toEqual([]);
  expect(results[0]?.log).toContain(results[0]?.sid);
});

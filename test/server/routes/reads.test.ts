import { describe, expect, it } from "vitest";
import type { NewAlgorithm } from "../../../server/routes/algorithms.ts";
import { bearer, type TestApp, testApp } from "../plugins/app.ts";
import { algorithm, begun, manifest, runId, versionId } from "../store/store-suite.ts";

const read = async ({ app }: TestApp, url: string) => {
  const answer = await app.inject({ url, headers: bearer });
  return { status: answer.statusCode, body: answer.json() };
};

/** One algorithm that is live, one of a difficult name, one that never was live. */
async function furnished() {
  const test = await testApp();
  await test.store.transaction(async (tx) => {
    await tx.versions.add(manifest("iris", versionId(1)), []);
    await tx.versions.add(manifest("iris", versionId(2)), []);
    await tx.algorithms.put(algorithm("iris", { title: "Irises" }));
    await tx.algorithms.setLive("iris", versionId(1));
    await tx.algorithms.put(algorithm("Übung 1. Teil?", { notebook: "a/Übung 1. Teil?.ipynb" }));
    const problem = { severity: "error" as const, code: "syntax-error", cell: 2, message: "No.", hint: "Mend it." };
    await tx.algorithms.put(algorithm("laid_in", { notebook: null, state: "failing", problems: [problem] }));
    const model = { project: "default", algorithm: "iris", fittedBy: versionId(1), run: runId(1), signature: null };
    for (const name of ["default", "default", "big one"]) await tx.models.add({ ...model, name }, (n) => `m/${n}`);
    const dataset = { project: "default", rows: 3, columns: null, bytes: 9, run: runId(1), csv: "notebooks/data/x.csv" };
    for (const name of ["flows", "flows"]) await tx.datasets.add({ ...dataset, name }, (n) => `d/${n}`);
  });
  return test;
}

describe("algorithms", () => {
  it("are listed by name with the address of their editor", async () => {
    await using test = await furnished();
    const { body } = await read(test, "/v1/algorithms");
    expect(body).toMatchObject([
      { name: "iris", live: versionId(1), editor: "http://127.0.0.1:8888/lab/tree/iris.ipynb" },
      { name: "laid_in", live: null, editor: null, state: "failing", problems: [{ cell: 2, hint: "Mend it." }] },
      { name: "Übung 1. Teil?" },
    ]);
  });

  it("are found ignoring case, with what can be called", async () => {
    await using test = await furnished();
    expect(await read(test, "/v1/algorithms/IRIS")).toMatchObject({ status: 200, body: { name: "iris", methods: ["fit", "apply"] } });
    expect(await read(test, "/v1/algorithms/laid_in")).toMatchObject({ body: { live: null, methods: [], editor: null } });
    const odd = await read(test, `/v1/algorithms/${encodeURIComponent("übung 1. teil?")}`);
    expect(odd.body).toMatchObject({ name: "Übung 1. Teil?", editor: expect.stringContaining("a%2F%C3%9Cbung") });
    expect(await read(test, `/v1/algorithms/${encodeURIComponent("é".repeat(128))}`)).toMatchObject({
      status: 404,
      body: { code: "NOT_FOUND" },
    });
  });

  it("that do not exist are told with those that were meant", async () => {
    await using test = await furnished();
    expect(await read(test, "/v1/algorithms/irsi")).toMatchObject({ status: 404, body: { hint: "Use one of: iris." } });
    expect(await read(test, "/v1/algorithms/xyzzy")).toMatchObject({ status: 404, body: { hint: expect.stringContaining("list") } });
  });

  it("are made by whoever makes them, and refused when asked for wrongly", async () => {
    const asked: NewAlgorithm[] = [];
    await using test = await testApp({
      async create(input) {
        asked.push(input);
        return { algorithm: input.name, notebook: `${input.name}.ipynb`, editor: null };
      },
    });
    const post = (payload: object) => test.app.inject({ method: "POST", url: "/v1/algorithms", headers: bearer, payload });
    const made = await post({ name: "my new one", category: "anomalies" });
    expect([made.statusCode, made.headers.location]).toEqual([201, "/v1/algorithms/my%20new%20one"]);
    expect(made.json()).toEqual({ algorithm: "my new one", notebook: "my new one.ipynb", editor: null });
    for (const wrong of [{}, { name: "../x" }, { name: "x", colour: "red" }, { name: ".x" }]) {
      expect((await post(wrong)).json()).toMatchObject({ status: 400, code: "BAD_CALL" });
    }
    expect(asked).toEqual([{ name: "my new one", category: "anomalies" }]);
  });
});

describe("versions, models and datasets", () => {
  it.each([
    ["/v1/versions", [versionId(2), versionId(1)]],
    ["/v1/versions?algorithm=Iris&limit=1", [versionId(2)]],
    ["/v1/versions?algorithm=rose", []],
    ["/v1/models", [1, 2]],
    ["/v1/models?algorithm=iris&name=default", [2, 1]],
    ["/v1/models?algorithm=rose", []],
    ["/v1/datasets", [2]],
  ])("are listed newest first: %s", async (url, versions) => {
    await using test = await furnished();
    expect((await read(test, url)).body.map(({ version }: { version: unknown }) => version)).toEqual(versions);
  });

  it.each([
    [`/v1/versions/iris/${versionId(2)}`, { manifest: { version: versionId(2), options: { apply: "row-wise", mine: [1, { a: null }] } } }],
    ["/v1/models/default?algorithm=iris", { version: 2, aliases: ["latest"] }],
    ["/v1/models/default/versions/1?algorithm=iris", { version: 1, aliases: [] }],
    ["/v1/models/default/versions/latest", { version: 2 }],
    ["/v1/models/big%20one", { name: "big one" }],
    ["/v1/datasets/flows", { version: 2 }],
    ["/v1/datasets/flows?version=1", { version: 1 }],
  ])("are found: %s", async (url, body) => {
    await using test = await furnished();
    expect(await read(test, url)).toMatchObject({ status: 200, body });
  });

  it.each([
    ["/v1/versions/iris/0000000000000003", "Use one of: "],
    ["/v1/models/defualt?algorithm=iris", "Use one of: default."],
    ["/v1/models/default/versions/9", "Use one of: latest, 2, 1."],
    ["/v1/models/default?algorithm=rose", "create"],
    ["/v1/datasets/flow", "Use one of: flows."],
    ["/v1/datasets/flows?version=9", "Use one of: 2."],
    ["/v1/runs/run-999999", "list"],
  ])("are missed with a hint: %s", async (url, hint) => {
    await using test = await furnished();
    expect(await read(test, url)).toMatchObject({ status: 404, body: { code: "NOT_FOUND", hint: expect.stringContaining(hint) } });
  });

  it.each([
    "/v1/versions?limit=0",
    "/v1/runs?state=odd",
    "/v1/runs?limit=1001",
    "/v1/datasets/flows?version=x",
    "/v1/runs/NO",
    "/v1/events?after=-1",
  ])("are refused when asked for wrongly: %s", async (url) => {
    await using test = await furnished();
    expect(await read(test, url)).toMatchObject({ status: 400, body: { code: "BAD_CALL" } });
  });
});

describe("runs", () => {
  it("are shown at once and paged", async () => {
    await using test = await testApp();
    const { runs } = test.store;
    for (const n of [1, 2, 3]) runs.start(begun(n));
    runs.log(runId(3), { at: "2026-01-31T00:00:00.000Z", level: "info", text: "hello" });
    runs.finish(runId(2), { state: "failed", receipt: null, error: { code: "X", message: "m", hint: "h", details: { cell: 1 } } });
    expect(await read(test, `/v1/runs/${runId(3)}`)).toMatchObject({ body: { state: "running", log: [{ text: "hello" }] } });
    expect(await read(test, `/v1/runs/${runId(2)}`)).toMatchObject({ body: { error: { details: { cell: 1 } } } });
    const ids = async (query: string) => (await read(test, `/v1/runs${query}`)).body.map(({ id }: { id: string }) => id);
    expect(await ids("?limit=2")).toEqual([runId(3), runId(2)]);
    expect(await ids(`?before=${runId(2)}`)).toEqual([runId(1)]);
    expect(await ids("?state=running&algorithm=IRIS")).toEqual([runId(3), runId(1)]);
  });
});

describe("a list of more than a page", () => {
  const SOME = 230;

  /** So many of everything; of the model and the dataset `x0` there are several versions. */
  async function crowded() {
    const test = await testApp();
    const numbers = Array.from({ length: SOME }, (_, n) => n);
    await test.store.transaction(async (tx) => {
      for (const n of numbers) {
        await tx.algorithms.put(algorithm(`É ${n}`));
        await tx.versions.add(manifest("iris", versionId(n)), []);
        const made = { project: "default", run: runId(1) };
        await tx.models.add({ ...made, algorithm: "iris", name: `x${n}`, fittedBy: versionId(1), signature: null }, () => "m");
        await tx.models.add({ ...made, algorithm: "iris", name: "again", fittedBy: versionId(1), signature: null }, () => "m");
        await tx.datasets.add({ ...made, name: `x${n}`, rows: 1, columns: null, bytes: 1, csv: "x" }, () => "d");
      }
    });
    for (const n of numbers) test.store.runs.start(begun(n));
    return test;
  }

  const identity = (each: Record<string, unknown>) => JSON.stringify([each.algorithm, each.name, each.version, each.id, each.number]);

  it.each([
    ["/v1/algorithms", SOME],
    ["/v1/versions", SOME],
    ["/v1/versions?algorithm=iris", SOME],
    ["/v1/models", SOME + 1],
    ["/v1/models?algorithm=iris", SOME + 1],
    ["/v1/models?name=again", SOME],
    ["/v1/models/again/versions", SOME],
    ["/v1/datasets", SOME],
    ["/v1/runs", SOME],
    ["/v1/runs?algorithm=iris&state=running", SOME],
    ["/v1/events?after=0", 5 * SOME],
  ])("is read page by page, each of it once: %s", async (path, count) => {
    await using test = await crowded();
    const url = new URL(path, "http://x");
    const get = async (more: Record<string, string>) => {
      const query = new URLSearchParams({ ...Object.fromEntries(url.searchParams), ...more });
      const answer = await test.app.inject({ url: `${url.pathname}?${query}`, headers: bearer });
      expect(answer.statusCode, answer.payload).toBe(200);
      return { body: answer.json(), link: answer.headers.link as string | undefined };
    };
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { body, link } = await get({ limit: "90", cursor });
      expect(body.items.length).toBe(Math.min(90, count - seen.length));
      seen.push(...body.items.map(identity));
      cursor = body.next;
      expect(link === undefined).toBe(cursor === null);
    }
    expect(new Set(seen).size).toBe(count);
    expect(seen.length).toBe(count);

    // As it always was: the items alone, at most 100 unless asked for more. The header tells of the rest.
    const { body, link } = await get({});
    expect(body.map(identity)).toEqual(seen.slice(0, 100));
    const [, next = ""] = /^<([^>]+)>; rel="next"$/.exec(link ?? "") ?? [];
    const second = (await test.app.inject({ url: next, headers: bearer })).json();
    expect(second.items.map(identity)).toEqual(seen.slice(100, 200));
    const all = await get({ limit: "1000" });
    expect(all.body.map(identity)).toEqual(seen.slice(0, 1000));
  });

  it("does not move while others are added and removed", async () => {
    await using test = await testApp();
    const add = (...numbers: number[]) =>
      test.store.transaction(async (tx) => {
        for (const n of numbers) await tx.versions.add(manifest("iris", versionId(n)), []);
      });
    await add(1, 2, 3, 4, 5, 6);
    const page = async (cursor: string) => (await read(test, `/v1/versions?limit=2&cursor=${cursor}`)).body;
    const first = await page("");
    await add(7);
    await test.store.transaction((tx) => tx.versions.remove("iris", versionId(5)));
    const second = await page(first.next);
    expect([first, second].map(({ items }) => items.map((each: { version: string }) => each.version))).toEqual([
      [versionId(6), versionId(5)],
      [versionId(4), versionId(3)],
    ]);
  });

  it.each(["/v1/versions?cursor=x", "/v1/runs?cursor=NO", "/v1/events?cursor=-1", "/v1/algorithms?limit=1001", "/v1/models?limit=0"])(
    "is refused when asked for wrongly: %s",
    async (url) => {
      await using test = await testApp();
      expect(await read(test, url)).toMatchObject({ status: 400, body: { code: "BAD_CALL" } });
    },
  );
});

describe("health", () => {
  it("is live whatever is missing, and ready when nothing is", async () => {
    const checks = [
      { name: "store", ok: true, detail: "" },
      { name: "jupyter", ok: false, detail: "it is being started" },
    ];
    await using test = await testApp({ ready: async () => checks });
    expect((await test.app.inject("/health/live")).json()).toEqual({ live: true });
    expect(await read(test, "/health/ready")).toEqual({ status: 503, body: { ready: false, checks } });
    await using other = await testApp();
    expect(await read(other, "/health/ready")).toEqual({ status: 200, body: { ready: true, checks: [] } });
  });

  it("has metrics as text", async () => {
    await using test = await testApp();
    const answer = await test.app.inject({ url: "/metrics", headers: bearer });
    expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
    expect(answer.payload).toContain("compute_queue_depth 0");
  });
});

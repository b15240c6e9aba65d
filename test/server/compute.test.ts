import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFrame, FRAMES_TYPE, FrameKind, FrameReader } from "#contract/frames.ts";
import type { Run } from "#contract/run.ts";
import { python } from "../runtimes/bench.ts";
import { type TestBridge, testBridge } from "./support/bridge.ts";
import { recorder } from "./support/recorder.ts";

let test: TestBridge;
const csv = "a,b\n1,x\n2,y\n";
const fit = { algorithm: "recorder", method: "fit", feature_variables: "a,b" };

const odd = [
  "import os, sys, time, logging, ctypes, subprocess",
  "def apply(model, df, param):\n    what = param['options']['params']['what']\n    return globals()['do_' + what](df)",
  "def do_echo(df):\n    return df",
  "def do_print(df):\n    print('one'); sys.stderr.write('two\\n'); logging.warning('three'); os.system('echo four')\n    return df",
  "def do_exit(df):\n    sys.exit(3)",
  "def do_memory(df):\n    raise MemoryError('too much')",
  "def do_crash(df):\n    ctypes.string_at(0)",
  "def do_leave(df):\n    os._exit(7)",
  "def do_spin(df):\n    while True:\n        pass",
  "def do_deaf(df):\n    import signal\n    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\n    while True:\n        pass",
  "def do_sleep(df):\n    time.sleep(0.5)\n    return df",
  "def do_scalar(df):\n    return 5",
  "def do_deep(df):\n    helper = {}\n    return helper['missing']",
  "counter = []\ndef do_count(df):\n    counter.append(1)\n    return {'count': [len(counter)]}",
];

/** Two texts in four bytes, between these offsets. */
const stream = (offsets: string) =>
  execFileSync(python, [
    "-c",
    `import sys, numpy as np, pyarrow as pa
column = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(np.array(${offsets}, "i4")), pa.py_buffer(b"xyzz")])
with pa.ipc.new_stream(sys.stdout.buffer, pa.schema([("id", pa.string()), ("n", pa.int64())])) as out:
    out.write_batch(pa.record_batch([column, pa.array([1, 2])], names=["id", "n"]))`,
  ]);

beforeAll(async () => {
  test = await testBridge({ BRIDGE_QUEUE: "3" });
  await test.save("recorder.ipynb", recorder, { title: "The recorder" });
  await test.save("odd.ipynb", odd);
  await test.save(
    "row wise.ipynb",
    ["def apply(model, df, param):\n    return df.assign(kind=[type(v).__name__ for v in df['id']] if len(df) else [], n=len(df))"],
    {
      options: { apply: "row-wise", types: { id: "object", n: "int64" } },
    },
  );
});
afterAll(() => test[Symbol.asyncDispose]());

const runOf = async (answer: Response) => (await (await test.ask(`/v1/runs/${answer.headers.get("compute-run")}`)).json()) as Run;
const apply = (what: string, init?: RequestInit) => test.compute({ algorithm: "odd", method: "apply", what }, csv, init);

describe("POST /v1/compute", () => {
  it("fits, applies and sums up, each with a receipt", async () => {
    const fitted = await test.compute(fit, csv, { headers: { "compute-rows": "2" } });
    expect(fitted.status).toBe(200);
    const receipt = (await runOf(fitted)).receipt;
    expect(receipt).toMatchObject({
      algorithm: "recorder",
      method: "fit",
      model: { name: "default", version: 1 },
      rows: { sent: 2, received: 2, used: 2, returned: 1 },
      notes: [],
    });
    expect(JSON.parse(fitted.headers.get("compute-receipt") ?? "")).toMatchObject({ run: receipt?.run });

    const applied = await test.compute({ ...fit, algorithm: "THE RECORDER", method: "apply" }, csv);
    // The model may have been loaded before, in a call of its own.
    expect(await applied.text()).toMatch(/\n"?(load:recorder_default,)?apply/);
    expect((await runOf(applied)).receipt).toMatchObject({
      algorithm: "recorder",
      version: receipt?.version,
      model: { name: "default", version: 1 },
    });

    const summary = await test.compute({ algorithm: "recorder", method: "summary" });
    expect(await summary.text()).toBe('summary\n"{""version"": ""1.0"", ""half"": 1.0, ""nan"": null}"\n');
  });

  it("says that rows are missing when fewer came than were sent", async () => {
    const answer = await test.compute({ algorithm: "odd", method: "apply", what: "echo" }, csv, { headers: { "compute-rows": "5" } });
    expect((await runOf(answer)).receipt?.notes).toEqual(["5 rows were sent, 2 were received."]);
  });

  it("keeps and orders columns by fields, drops multivalue columns, and names a missing column and the nearest", async () => {
    const send = (options: object, rows: string) => test.compute({ algorithm: "odd", method: "apply", what: "echo", ...options }, rows);
    expect(await (await send({ fields: "b, a" }, "a,b,c\n1,2,3\n")).text()).toBe("b,a\n2,1\n");
    expect(await (await send({ fields: "" }, "a,b\n1,2\n")).text()).toBe("a,b\n1,2\n");
    expect(await (await send({ fields: " , " }, "a,b\n1,2\n")).text()).toBe("a,b\n1,2\n");
    expect(await (await send({}, "a,__mv_a\n1,\n")).text()).toBe("a\n1\n");
    const wrong = await send({ fields: "lenght" }, "length\n1\n");
    expect(await wrong.json()).toMatchObject({ code: "BAD_TABLE", detail: expect.stringContaining("The nearest is length.") });
  });

  it("refuses Arrow that leads out of its bytes, and what follows its end", async () => {
    const arrow = { headers: { "content-type": "application/vnd.apache.arrow.stream" } };
    const send = (name: string, body: Buffer) => test.compute({ algorithm: name, method: "apply", what: "echo" }, body, arrow);
    for (const name of ["odd", "row wise"]) {
      const broken = await send(name, stream("[0, -16_000_000, 4]"));
      expect([broken.status, await broken.json()]).toMatchObject([
        422,
        {
          code: "BAD_TABLE",
          detail: expect.stringMatching(/^The rows could not be read: Column id of the Arrow stream is broken: .{1,200}$/),
        },
      ]);
      const two = await send(name, Buffer.concat([stream("[0, 2, 4]"), stream("[0, 2, 4]")]));
      expect([two.status, await two.json()]).toMatchObject([422, { code: "BAD_TABLE", detail: expect.stringContaining("in one stream") }]);
      expect((await send(name, stream("[0, 2, 4]"))).status).toBe(200);
    }
  });

  it("parses by the types that a notebook declares, in blocks, and notes what was empty", async () => {
    const send = (rows: string) => test.compute({ algorithm: "row wise", method: "apply" }, rows);
    expect(await (await send("id,n\n007,1\n8,2\n")).text()).toBe("id,n,kind\n007,2,str\n8,2,str\n");
    const gap = await send("id,n\n007,\n");
    expect((await runOf(gap)).receipt?.notes).toEqual(["Column n has 1 empty values, so it came as float64."]);
    const misfit = await send("id,n\nx,1\ny,two\n");
    expect(await misfit.json()).toMatchObject({
      code: "BAD_TABLE",
      detail: expect.stringContaining("column n: 'two' is no int64"),
      hint: expect.stringContaining("The notebook declares int64 for n"),
    });
    const unknown = await send("id,n,other\n007,1,z\n");
    expect(await unknown.text()).toBe("id,n,other,kind\n007,1,z,str\n");
    expect((await runOf(unknown)).receipt?.notes[0]).toContain("other");
  });

  it("counts the bytes of the table that the client gets: a header for all blocks, or one for each", async () => {
    const rows = `id,n\n${Array.from({ length: 400_000 }, (_, n) => `x${n},${n}\n`).join("")}`;
    const send = (headers = {}) => test.compute({ algorithm: "row wise", method: "apply" }, rows, { headers });
    const whole = await send();
    const text = await whole.text();
    expect(text.match(/id,n,kind/g)).toHaveLength(1);
    expect((await runOf(whole)).receipt?.bytes.returned).toBe(text.length);

    const framed = await send({ accept: FRAMES_TYPE });
    const frames = new FrameReader().push(Buffer.from(await framed.arrayBuffer())).filter(({ kind }) => kind === FrameKind.table);
    expect(frames.length).toBeGreaterThan(1);
    expect((await runOf(framed)).receipt?.bytes.returned).toBe(frames.reduce((sum, { payload }) => sum + payload.length, 0));
  });

  it("uses the signature of the fit where no types are declared", async () => {
    await test.compute({ ...fit, model_name: "typed" }, "a,b\n1,007x\n");
    const answer = await test.compute({ ...fit, method: "apply", model_name: "typed" }, "a,b\n1,007\n");
    expect(answer.status).toBe(200);
    const misfit = await test.compute({ ...fit, method: "apply", model_name: "typed" }, "a,b\nx,007\n");
    expect(await misfit.json()).toMatchObject({
      detail: "The rows could not be read: Row 1, column a: 'x' is no int64.",
      hint: "The model typed version 1 was fitted on numbers here: send such, or fit it again on rows like these.",
    });
    const decimal = await test.compute({ ...fit, method: "apply", model_name: "typed" }, "a,b\n1.5,007\n");
    expect(decimal.status).toBe(200);
    expect((await runOf(decimal)).receipt?.notes).toEqual([
      "Column a, fitted on whole numbers, has 1 decimal numbers, so it came as float64.",
    ]);
  });

  it("finds each call's module as its top level made it", async () => {
    for (let i = 0; i < 3; i++) expect(await (await apply("count")).text()).toBe("count\n1\n");
  });

  it("keeps what the code prints and logs with the run", async () => {
    const { log } = await runOf(await apply("print"));
    expect(log.map(({ level, text }) => [level, text])).toEqual(
      expect.arrayContaining([
        ["info", "one"],
        ["info", "two"],
        ["warning", "root: three"],
        ["info", "four"],
      ]),
    );
  });

  it.each([
    ["exit", 422, { code: "CODE_FAILED", exception: "SystemExit", cell: 5, line: 2 }],
    ["memory", 422, { code: "CODE_FAILED", exception: "MemoryError", cell: 6 }],
    [
      "deep",
      422,
      { code: "CODE_FAILED", exception: "KeyError", cell: 13, line: 3, detail: "apply() of odd ended with KeyError: 'missing'" },
    ],
    ["scalar", 422, { code: "BAD_TABLE" }],
    ["crash", 503, { code: "WORKER_LOST", detail: expect.stringContaining("SIGSEGV") }],
    ["leave", 503, { code: "WORKER_LOST", detail: expect.stringContaining("code 7") }],
  ])("tells a call that ends by %s, and serves the next", async (what, status, problem) => {
    const answer = await apply(what);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/problem+json; charset=utf-8"]);
    expect(await answer.json()).toMatchObject(problem);
    expect(await runOf(answer)).toMatchObject({ state: "failed", error: { code: (problem as { code: string }).code } });
    expect((await apply("echo")).status).toBe(200);
  });

  it.each([["spin"], ["deaf"]])("stops a call at its deadline when it does %s, and serves the next", async (what) => {
    const answer = await apply(what, { headers: { "compute-timeout": "0.3" } });
    expect(await answer.json()).toMatchObject({ status: 504, code: "DEADLINE_PASSED", hint: expect.stringContaining("Compute-Timeout") });
    expect((await apply("echo")).status).toBe(200);
  });

  it("stops a call whose caller went away", async () => {
    await expect(apply("spin", { signal: AbortSignal.timeout(300) })).rejects.toThrow();
    await expect.poll(async () => ((await (await test.ask("/v1/runs?limit=1")).json()) as Run[])[0]?.state).toBe("cancelled");
  });

  it("bounds the queue of an algorithm, and says when to come again", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => apply("sleep")));
    const refused = answers.filter((each) => each.status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.filter((each) => each.status === 200).length).toBe(20 - refused.length);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it.each([
    [{ method: "fit" }, 400],
    [{ algorithm: "recorder" }, 400],
    [{ algorithm: "recorder", method: "nothing" }, 400],
    [{ algorithm: "recorder", method: "save" }, 400],
    [{ algorithm: "recrder", method: "fit" }, 404],
    [{ algorithm: "recorder", method: "apply", model_name: "never" }, 400],
    [{ algorithm: "recorder", method: "fit", model_name: "../x" }, 400],
    [{ algorithm: "../recorder", method: "fit" }, 400],
    [{ algorithm: "recorder", method: "fit", environment: "mars" }, 404],
  ])("refuses %j with %i and a hint", async (options, status) => {
    const answer = await test.compute(options, csv);
    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { hint: string }).hint).not.toBe("");
  });

  it("takes old names of environments", async () => {
    expect((await test.compute({ algorithm: "odd", method: "apply", what: "echo", environment: "Docker" }, csv)).status).toBe(200);
  });

  it("stages rows under the model's name, else the algorithm's", async () => {
    const staged = async (options: Record<string, string>) =>
      (await (await test.compute({ mode: "stage", ...options }, csv)).json()) as {
        dataset: { name: string; version: number; rows: number };
      };
    expect((await staged({ model_name: "mine" })).dataset).toMatchObject({ name: "mine", version: 1, rows: 2 });
    expect((await staged({ model_name: "mine" })).dataset).toMatchObject({ name: "mine", version: 2 });
    expect((await staged({ algorithm: "anything" })).dataset).toMatchObject({ name: "anything", version: 1 });
    expect(await (await test.ask("/v1/datasets/mine")).json()).toMatchObject({
      version: 2,
      columns: [
        { name: "a", type: "int64" },
        { name: "b", type: "object" },
      ],
    });
  });

  it("stages nothing of rows that cannot be read", async () => {
    expect((await test.compute({ mode: "stage", model_name: "bad" }, "a\n1,2,3\n4\n5,6,7,8,9\n")).status).toBe(422);
    expect((await test.ask("/v1/datasets/bad")).status).toBe(404);
  });

  it("is counted by version, of which a save leaves one", async () => {
    const counted = async () => (await (await test.ask("/metrics")).text()).match(/^compute_requests_total\{.*saved\/default.*$/gm) ?? [];
    const versions = new Set<string | undefined>();
    for (const n of [1, 2, 3]) {
      await test.save("saved.ipynb", [`def apply(model, df, param):\n    return df.assign(n=${n})`]);
      const answer = await test.compute({ algorithm: "saved", method: "apply" }, csv);
      expect(await answer.text()).toContain(`1,x,${n}`);
      const { version } = await runOf(answer);
      versions.add(version ?? undefined);
      expect(await counted()).toEqual([expect.stringContaining(`version="${version}",code="OK"} 1`)]);
    }
    expect(versions.size).toBe(3);
  });

  it("is described with what goes in and comes out, as do the old endpoints", async () => {
    const { paths } = (await (await test.ask("/openapi.json")).json()) as {
      paths: Record<string, Record<string, { requestBody?: { content: object }; responses: Record<string, { content: object }> }>>;
    };
    const types = (content: object | undefined) => Object.keys(content ?? {});
    const rows = ["text/csv", "application/vnd.apache.arrow.stream", FRAMES_TYPE];
    for (const path of ["/v1/compute", "/compute"]) {
      const { requestBody, responses } = paths[path]?.post ?? {};
      expect(types(requestBody?.content)).toEqual(rows);
      expect(types(responses?.["200"]?.content)).toEqual([...rows, "application/json"]);
      expect(types(responses?.default?.content)).toEqual(["application/problem+json"]);
    }
    for (const path of ["/fit", "/apply"]) {
      const { requestBody, responses } = paths[path]?.post ?? {};
      expect([types(requestBody?.content), types(responses?.["200"]?.content)]).toEqual([["application/json"], ["application/json"]]);
      // The example is one that the endpoint takes.
      const { example } = Object.values(requestBody?.content ?? {})[0] as {
        example: { data: string; meta: { options: { params: object } } };
      };
      example.meta.options.params = { algo: "recorder" };
      expect(await test.old(path.slice(1) as "fit", example)).toMatchObject({ status: "success" });
    }
    expect(types(paths["/summary"]?.get?.responses["200"]?.content)).toEqual(["application/json"]);
  });

  it("refuses bodies that hold no rows", async () => {
    expect((await test.compute(fit, "{}", { headers: { "content-type": "application/json" } })).status).toBe(400);
    expect((await test.compute(fit, "x", { headers: { "content-encoding": "compress" } })).status).toBe(400);
  });
});

describe("frames over HTTP", () => {
  const frames = async (answer: Response) =>
    new FrameReader()
      .push(Buffer.from(await answer.arrayBuffer()))
      .map(({ kind, payload }) => [String.fromCharCode(kind), payload.toString()] as const);
  const send = (what: string, ...body: Buffer[]) =>
    test.compute({ algorithm: "odd", method: "apply", what }, Buffer.concat(body), {
      headers: { "content-type": FRAMES_TYPE, accept: FRAMES_TYPE },
    });
  const table = encodeFrame(FrameKind.table, csv);
  const end = encodeFrame(FrameKind.end);

  it("carry events while the call runs, then done with the receipt", async () => {
    const got = await frames(await send("print", table, end));
    expect(got.map(([kind]) => kind).join("")).toMatch(/^V+TD$/);
    expect(JSON.parse(got.at(-1)?.[1] ?? "")).toMatchObject({ receipt: { rows: { received: 2 } } });
  });

  it("cannot be taken for whole without their end", async () => {
    const answer = await send("echo", table);
    expect(await answer.json()).toMatchObject({ code: "BAD_TABLE" });
    expect((await send("echo", Buffer.from("no frames at all"))).status).toBe(422);
  });

  it("tell an error after events in a frame", async () => {
    const got = await frames(
      await test.compute({ algorithm: "odd", method: "apply", what: "sleep" }, csv, { headers: { accept: FRAMES_TYPE } }),
    );
    expect(got.at(-1)?.[0]).toBe("D");
  });
});

describe("a graceful stop", () => {
  it("lets calls under way finish and refuses new ones", async () => {
    const own = await testBridge();
    await own.save("odd.ipynb", odd);
    expect((await own.compute({ algorithm: "odd", method: "apply", what: "echo" }, csv)).status).toBe(200);
    const running = own.compute({ algorithm: "odd", method: "apply", what: "sleep" }, csv);
    await sleep(100);
    const closing = own[Symbol.asyncDispose]();
    const late = await own.compute({ algorithm: "odd", method: "apply", what: "echo" }, csv).catch(() => undefined);
    expect([503, undefined]).toContain(late?.status);
    expect((await running).status).toBe(200);
    await closing;
  });
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFrame, FRAMES_TYPE, FrameKind, FrameReader } from "#contract/frames.ts";
import type { Run } from "#contract/run.ts";
import { type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
const cells = [
  "import pandas as pd\ndef init(df, param):\n    return {}",
  "def fit(model, df, param):\n    print('fit', ' '.join(df.columns), len(df))",
  "def apply(model, df, param):\n    what = param['options']['params'].get('what')\n    if what == 'fewer':\n        return df.iloc[1:]\n" +
    "    if what == 'echo':\n        return df\n    if what == 'sorted':\n        return df.assign(score=df['a'] * 10).sort_values('a')[['score']]\n    if what == 'needs':\n        df['absent']\n    return {'score': [2.5] * len(df)}",
  "def summary(model=None):\n    return 'sum'\ndef load(name):\n    return {}",
];

beforeAll(async () => {
  test = await testBridge();
  await test.save("scores.ipynb", cells);
  await test.save("always.ipynb", cells, { options: { append: true } });
  await test.save("row wise.ipynb", cells, { options: { apply: "row-wise", types: { a: "object", b: "object" } } });
});
afterAll(() => test[Symbol.asyncDispose]());

const runOf = async (answer: Response) => (await (await test.ask(`/v1/runs/${answer.headers.get("compute-run")}`)).json()) as Run;
const apply = (options: Record<string, string>, rows: string) => test.compute({ algorithm: "scores", method: "apply", ...options }, rows);

describe("append", () => {
  it("gives each row back with all its fields", async () => {
    const answer = await apply({ append: "true", fields: "b" }, "a,b,__mv_a\n007,1.5,\n,x,$q$\n");
    expect(await answer.text()).toBe("a,b,score,__mv_a\n007,1.5,2.5,\n,x,2.5,$q$\n");
    expect((await runOf(answer)).receipt?.rows).toMatchObject({ received: 2, used: 2, returned: 2 });
  });

  it("gives each row its own result when the result was sorted", async () => {
    expect(await (await apply({ append: "true", what: "sorted" }, "a\n3\n1\n2\n")).text()).toBe("a,score\n3,30\n1,10\n2,20\n");
  });

  it("is an option of the call, else of the notebook, else it is not", async () => {
    const rows = "a\n007\n";
    expect(await (await apply({}, rows)).text()).toBe("score\n2.5\n");
    expect(await (await apply({ append: "" }, rows)).text()).toBe("score\n2.5\n");
    expect(await (await apply({ append: "T" }, rows)).text()).toBe("a,score\n007,2.5\n");
    expect(await (await apply({ algorithm: "always" }, rows)).text()).toBe("a,score\n007,2.5\n");
    expect(await (await apply({ algorithm: "always", append: "false" }, rows)).text()).toBe("score\n2.5\n");
    expect(await (await apply({ algorithm: "always", method: "fit" }, rows)).text()).toBe("a,score\n007,2.5\n");
    expect(await (await apply({ algorithm: "always", method: "summary" }, "")).text()).toBe("summary\nsum\n");
    expect(await (await apply({ append: "perhaps" }, rows)).json()).toMatchObject({
      code: "BAD_CALL",
      detail: "append=perhaps is neither true nor false.",
    });
  });

  it("is not on the old endpoints", async () => {
    const body = { data: "a\n007\n", meta: { options: { params: { algo: "always", append: "true" } } } };
    expect(await test.old("apply", body)).toMatchObject({ status: "success" });
    expect((await test.old("apply", body)).results).not.toContain("007");
  });

  it("says both counts when they are not equal, and what to do", async () => {
    const answer = await apply({ append: "true", what: "fewer" }, "a\n1\n2\n3\n");
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      code: "BAD_TABLE",
      detail: expect.stringMatching(/3 rows came and 2 were returned/),
      hint: expect.stringContaining("Return one row for each row of df"),
    });
    const blocks = await apply({ algorithm: "row wise", append: "true", what: "fewer" }, "a,b\n1,2\n3,4\n");
    expect(await blocks.json()).toMatchObject({ code: "BAD_TABLE", detail: expect.stringMatching(/1 rows for a block of 2/) });
  });

  it("streams in blocks where the algorithm is row-wise", async () => {
    const rows = Array.from({ length: 300_000 }, (_, n) => `0${n},"x, ${n}"\n`).join("");
    const answer = await apply({ algorithm: "row wise", append: "true" }, `a,b\n${rows}`);
    expect(await answer.text()).toBe(`a,b,score\n${rows.replaceAll("\n", ",2.5\n")}`);
  });
});

describe("rows in segments over HTTP", () => {
  const send = (options: Record<string, string>, segments: readonly string[], accept = "text/csv") => {
    const tables = segments.flatMap((segment, at) => [
      ...(at > 0 ? [encodeFrame(FrameKind.segment)] : []),
      ...(segment === "" ? [] : [encodeFrame(FrameKind.table, segment)]),
    ]);
    return test.compute({ algorithm: "scores", ...options }, Buffer.concat([...tables, encodeFrame(FrameKind.end)]), {
      headers: { "content-type": FRAMES_TYPE, accept },
    });
  };
  const long = `a,b\n${"007,x\n".repeat(20_000)}`;

  it("are one table to fit and to apply, with as many rows as came", async () => {
    const fitted = await send({ method: "fit", what: "echo" }, ["a,b\n1,x\n", "b,c\ny,2\n"]);
    expect(await fitted.text()).toBe("a,b,c\n1.0,x,\n,y,2.0\n");
    const run = await runOf(fitted);
    expect(run.log.map(({ text }) => text)).toEqual(["fit a b c 2"]);
    expect(run.receipt?.rows.received).toBe(2);
    const applied = await send({ method: "apply", append: "true" }, [long, "b,c\ny,1.50\n"]);
    expect((await applied.text()).slice(-20)).toBe("007,x,,2.5\n,y,1.50,2.5\n".slice(-20));
    expect((await runOf(applied)).receipt?.rows.received).toBe(20_001);
  });

  it.each([
    ["in memory", "a,b\n1,x\n"],
    ["on disk", long],
  ])("are staged as one table: %s", async (_, first) => {
    const answer = await send({ mode: "stage", model_name: "segments" }, [first, "", "b,__mv_b,c\ny,$y$,2\n"]);
    expect(await answer.json()).toMatchObject({ status: "staged", dataset: { rows: first.split("\n").length - 1 } });
    const staged = await readFile(join(test.home, "notebooks/data/segments.csv"), "utf8");
    expect(staged.slice(0, 6)).toBe("a,b,c\n");
    expect(staged.slice(-8)).toBe("\n,y,2.0\n");
  });

  it("may change their columns where blocks are answered in frames, and not within one CSV text", async () => {
    const asked = { algorithm: "row wise", method: "apply", what: "echo" };
    const segments = ["a,b\n007,x\n", "b,c\ny,1.50\n"];
    const told = new FrameReader().push(Buffer.from(await (await send(asked, segments, FRAMES_TYPE)).arrayBuffer()));
    expect(told.map(({ kind, payload }) => (kind === FrameKind.table ? payload.toString() : String.fromCharCode(kind)))).toEqual([
      "a,b\n007,x\n",
      "a,b,c\n,y,1.50\n",
      "D",
    ]);
    const notes = JSON.parse(told.at(-1)?.payload.toString() ?? "").receipt.notes;
    expect(notes).toEqual([expect.stringContaining("different columns"), expect.stringMatching(/came as text: c$/)]);
    expect(await (await send(asked, segments)).json()).toMatchObject({
      code: "BAD_TABLE",
      hint: expect.stringContaining("frames"),
    });
  });
});

describe("a header without rows", () => {
  it.each([
    ["fit", { method: "fit", what: "echo" }, "a,b\n"],
    ["apply", { method: "apply" }, "score\n"],
    ["append", { method: "apply", append: "true" }, "a,b,score\n"],
    ["row-wise append", { algorithm: "row wise", method: "apply", append: "true" }, "a,b,score\n"],
  ] as const)("%s", async (_, options, expected) => {
    const answer = await apply(options, "a,b\n");
    expect(await answer.text()).toBe(expected);
    expect((await runOf(answer)).receipt?.rows).toMatchObject({ received: 0, used: 0, returned: 0 });
  });

  it("is staged", async () => {
    const answer = await test.compute({ mode: "stage", model_name: "empty" }, "a,__mv_a\n");
    expect(await answer.json()).toMatchObject({ dataset: { rows: 0, columns: [{ name: "a" }] } });
    expect(await readFile(join(test.home, "notebooks/data/empty.csv"), "utf8")).toBe("a\n");
  });

  it("that the code cannot take is the code's error, with cell and line", async () => {
    expect(await (await apply({ what: "needs" }, "a\n")).json()).toMatchObject({ code: "CODE_FAILED", cell: 3, line: 10 });
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { modelsPython } from "../../bench/places.ts";
import { startDltk } from "../../bench/sides/dltk.ts";
import type { Side } from "../../bench/sides/side.ts";

let folder = "";
let side: Side;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-dltk-"));
  const rows = Array.from({ length: 40 }, (_, at) => `${at % 7},${at % 5},${at % 3},${at % 2}`);
  const train = async (name: string, labels: readonly [number, number]) => {
    await writeFile(join(folder, name), `a,b,c,d,label\n${rows.map((row, at) => `${row},${labels[at % 2]}`).join("\n")}\n`);
    return join(folder, name);
  };
  side = await startDltk({ folder, python: modelsPython, train: { a: await train("a.csv", [11, 22]), b: await train("b.csv", [33, 44]) } });
}, 180_000);
afterAll(async () => {
  await side[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

it("answers by algorithm and model, without a token, as DLTK 4 does", async () => {
  const [way] = side.ways;
  const ask = async (algorithm: "mark" | "trivial", model: "a" | "b") => {
    const asked = { algorithm, model };
    const body = way?.body(asked, "a,b,c,d\n1.5,2,3,4\n") ?? "";
    const answer = await fetch(side.url + way?.path(asked), { method: "POST", headers: way?.headers ?? {}, body });
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    return answer.json();
  };
  expect(await ask("mark", "a")).toMatchObject({ status: "success", results: "a,mark\n1.5,22\n" });
  expect(await ask("mark", "b")).toMatchObject({ results: "a,mark\n1.5,44\n" });
  expect(await ask("trivial", "a")).toMatchObject({ results: "a,b,c,d\n1.5,2,3,4\n" });
  const summary = await (await fetch(`${side.url}/summary`)).json();
  expect(summary).toMatchObject({ app: "DLTK stand-in", model_summary: { version: "1" } });
  const untyped = await fetch(`${side.url}/apply`, { method: "POST", body: "{}" });
  expect(await untyped.json()).toMatchObject({ status: "error", message: expect.stringContaining("415") });
});

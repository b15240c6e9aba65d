import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { python } from "../notebook-exporter/python.ts";

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
const examples = [
  {
    name: "anomaly_detector",
    meta: { feature_variables: ["logins", "failures", "hosts", "countries", "bytes_out"] },
    params: { trees: "20" },
  },
  { name: "binary_classifier", meta: { target_variables: ["diagnosis"] }, params: { C: "0.5" } },
  { name: "forecast", meta: { target_variables: ["count"] }, params: { by: "site", horizon: "2" } },
];

// DSDL's server of the benchmark, as DSDL calls notebooks: a fit, then applies of all rows, of one, of one with a gap, each three times.
const script = `
import contextlib, io, json, os, sys
import pandas as pd
sys.path[:0] = [${JSON.stringify(join(root, "bench/peers/dsdl_stand_in"))}, os.environ["SRV"]]
import answers
name, meta, params = json.load(sys.stdin)
rows = pd.read_csv(os.path.join(os.environ["SRV"], name + ".csv"))
def ask(method, df):
    sent = {"data": df.to_csv(index=False), "meta": {"options": {"params": {"algo": name, **params}, "model_name": "m"}, **meta}}
    with contextlib.redirect_stdout(io.StringIO()):
        return answers.answer(method, json.dumps(sent).encode())
gap = rows.tail(1).copy()
gap.loc[gap.index[0], [each for each in rows.select_dtypes("float")][:1]] = None
said = [ask("fit", rows.head(600)), *(ask("apply", df) for df in (rows.tail(50), rows.tail(1), gap) for _ in range(3))]
client = sys.modules.get("compute_bridge")
print(json.dumps([said, client is not None]))
`;

let srv = "";
beforeAll(async () => {
  srv = await mkdtemp(join(tmpdir(), "with-and-without-"));
  for (const folder of ["app/model/data", "notebooks/data"]) await mkdir(join(srv, folder), { recursive: true });
  await run(python, [join(root, "demo/rows.py"), srv]);
  await writeFile(join(srv, "binary_classifier.csv"), await readFile(join(srv, "all.csv")));
  for (const [name, rows] of [
    ["anomaly_detector", "logins"],
    ["forecast", "requests"],
  ] as const) {
    const { stdout } = await run(python, [join(root, "docs/examples/rows.py"), rows], { maxBuffer: 2 ** 26 });
    await writeFile(join(srv, `${name}.csv`), stdout);
  }
});
afterAll(() => rm(srv, { recursive: true, force: true }));

/** What DSDL's server says to the calls, and whether the notebook found compute_bridge. */
async function said(example: (typeof examples)[number], path: string): Promise<[{ status: string; results?: string }[], boolean]> {
  const exported = await readFile(join(root, "app/model", `${example.name}.py`), "utf8");
  await writeFile(join(srv, "app/model", `${example.name}.py`), exported.replaceAll("/srv/", `${srv}/`));
  const ran = run(python, ["-W", "ignore", "-c", script], {
    env: { PATH: process.env.PATH, SRV: srv, PYTHONDONTWRITEBYTECODE: "1", PYTHONPATH: path },
    maxBuffer: 2 ** 26,
  });
  ran.child.stdin?.end(JSON.stringify([example.name, example.meta, example.params]));
  return JSON.parse((await ran).stdout);
}

describe("in DSDL's server", () => {
  it.each(examples)("$name answers the same with and without compute_bridge", async (example) => {
    const [plain, foundNone] = await said(example, "");
    const [quick, found] = await said(example, join(root, "client/python"));
    expect(plain.map(({ status }) => status)).toEqual(plain.map(() => "success"));
    expect(quick).toEqual(plain);
    expect([foundNone, found]).toEqual([false, exportedUses(example.name)]);
  });
});

/** The others hand their models arrays of their own making. */
const exportedUses = (name: string) => name === "binary_classifier";

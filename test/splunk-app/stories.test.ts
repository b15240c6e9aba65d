import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scorer } from "./algorithms.ts";
import { readBody } from "./splunkd/csv.ts";
import { pythons } from "./splunkd/pythons.ts";
import { withBridge } from "./splunkd/with-bridge.ts";

const rows = Array.from({ length: 40 }, (_, at) => ({ a: `${at}`, b: at % 2 === 0 ? "even" : "odd" }));
const chunks = [rows.slice(0, 15), { columns: ["a", "b"], rows: [] }, rows.slice(15)];

// What a person does from the first search to a scheduled one, through the command and the handler as processes.
describe.each(pythons)("under Python $version", ({ python }) => {
  it("stage, a notebook edit, fit, apply and summary give what the bridge gives to a direct call", async () => {
    await using given = await withBridge({ python });
    const { test, splunkd, direct, runsOf } = given;
    const call = (more: string) =>
      splunkd.search({ command: `compute algorithm=scorer model_name=m feature_variables="a" ${more}`, chunks });

    const staged = await call("mode=stage");
    expect(staged.error).toBeUndefined();
    expect(staged.rows).toEqual([{ status: "staged", dataset: "m", version: "1", rows: "40" }]);
    const kept = await readFile(join(test.home, "notebooks/data/m.csv"), "utf8");
    expect(kept.trim().split("\n").length).toBe(41);

    await test.save("scorer.ipynb", scorer);
    const fitted = await call("method=fit");
    expect([fitted.error, fitted.exitCode, fitted.stderr]).toEqual([undefined, 0, ""]);
    expect(fitted.rows.map((each) => each.score)).toEqual(rows.map(({ a }) => `${Number(a) - 19.5}`));
    expect(fitted.messages.join("\n")).toContain("INFO");

    const options = { algorithm: "scorer", model_name: "m", feature_variables: "a" };
    const applied = await call("method=apply");
    const { rows: said, columns } = readBody(await direct({ ...options, method: "apply" }, rows));
    expect({ rows: applied.rows, columns: applied.columns }).toEqual({ rows: said, columns });
    expect(applied.rows.length).toBe(40);

    const cells = scorer.map((cell) => cell.replace("- model['mean']", "+ 1000"));
    await test.save("scorer.ipynb", cells);
    const edited = await call(""); // apply is what a call without a method is
    expect(edited.rows[0]).toEqual({ a: "0", score: "1000" });

    const summary = await call("method=summary");
    expect(summary.error).toBeUndefined();
    expect({ rows: summary.rows, columns: summary.columns }).toEqual(readBody(await direct({ ...options, method: "summary" })));

    const searches = [staged, fitted, applied, edited, summary];
    for (const each of searches) expect([each.exitCode, each.stderr]).toEqual([0, ""]);
    const runs = await Promise.all(searches.map(({ sid }) => runsOf(sid)));
    expect(runs.map((each) => each.map(({ method, state }) => [method, state]))).toEqual([
      [["stage", "succeeded"]],
      [["fit", "succeeded"]],
      [["apply", "succeeded"]],
      [["apply", "succeeded"]],
      [["summary", "succeeded"]],
    ]);
    expect(await splunkd.leaks(searches, [])).toEqual([]);
  }, 180_000);
});

it("knows at least one Python that Splunk brings along", () => {
  expect(pythons.length).toBeGreaterThan(0);
});

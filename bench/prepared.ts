import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Case } from "./load/job.ts";
import type { SideMeasure } from "./measures/measure.ts";
import type { Asked, ModelName, Way } from "./sides/side.ts";

interface Body {
  readonly rows: string;
  /** By `<algorithm>/<model>`. */
  readonly predicted: Readonly<Record<string, string>>;
}

/** Rows to send and the answers that are right, made once for all sides (rows.py). */
export interface Prepared {
  readonly folder: string;
  readonly train: Readonly<Record<ModelName, string>>;
  /** Small calls: every body with every model that the way knows. */
  cases(way: Way, measure: Pick<SideMeasure, "algorithm" | "rows" | "answer">): Case[];
  /** Files of the large call's body, in the way's form, and of its right results. */
  large(way: Way, asked: Asked): Promise<{ body: string; results: string }>;
}

/** @param python one with pandas and scikit-learn */
export async function prepareRows(folder: string, python: string, largeRows: number): Promise<Prepared> {
  await mkdir(folder, { recursive: true });
  await promisify(execFile)(python, [join(import.meta.dirname, "rows.py"), folder, String(largeRows)]);
  const bodies: Readonly<Record<string, readonly Body[]>> = JSON.parse(await readFile(join(folder, "bodies.json"), "utf8"));
  const file = (name: string): string => join(folder, name);
  const written = new Map<string, Promise<string>>();
  return {
    folder,
    train: { a: file("train-a.csv"), b: file("train-b.csv") },
    cases(way, { algorithm, rows, answer }) {
      return (bodies[rows] ?? []).flatMap((body) =>
        way.models.map((model) => {
          const asked = { algorithm, model };
          const predicted = body.predicted[`${algorithm}/${model}`] ?? "";
          return { path: way.path(asked), body: way.body(asked, body.rows), results: answer === "echo" ? body.rows : predicted };
        }),
      );
    },
    async large(way, asked) {
      const results = file(asked.algorithm === "trivial" ? "large.csv" : "large-predicted.csv");
      if (way.form === "arrow") return { body: file("large.arrow"), results };
      if (way.form === "csv") return { body: file("large.csv"), results };
      const name = `${way.name} ${asked.algorithm}.json`.replaceAll(/[^\w.]+/g, "-");
      const body = written.get(name) ?? write(name, way, asked);
      written.set(name, body);
      return { body: await body, results };
    },
  };

  async function write(name: string, way: Way, asked: Asked): Promise<string> {
    await writeFile(file(name), way.body(asked, await readFile(file("large.csv"), "utf8")));
    return file(name);
  }
}

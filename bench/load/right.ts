import type { Answered } from "./connection.ts";
import type { Calls, Form } from "./job.ts";
import { isSameTable, type Values } from "./values.ts";

/** Gathers what became of calls. */
export class Tally {
  readonly #ms: number[] = [];
  readonly #began = performance.now();
  #wrong = 0;
  #firstWrong: string | null = null;

  add({ ms, status, body }: Answered, isRight: boolean): void {
    this.#ms.push(ms);
    if (isRight) return;
    this.#wrong++;
    this.#firstWrong ??= `${status} ${body.subarray(0, 300)}`;
  }

  calls(): Calls {
    return { ms: this.#ms, wrong: this.#wrong, firstWrong: this.#firstWrong, totalMs: performance.now() - this.#began };
  }
}

/** Tells whether an answer has exactly these results. Text by its bytes; numbers of JSON by their values. */
export function checkOf(form: Form, results: string): (answered: Answered) => boolean {
  if (form === "arrow") throw new Error("Arrow is compared by arrow_same.py.");
  if (form === "csv") {
    const bytes = Buffer.from(results);
    return ({ status, body }) => status === 200 && body.equals(bytes);
  }
  const isRight = form === "json" ? (value: unknown) => member(value, "results") === results : tableCheck(form, results);
  return ({ status, body }) => {
    if (status !== 200) return false;
    try {
      return isRight(JSON.parse(body.toString()));
    } catch {
      return false; // no JSON, or of another shape
    }
  };
}

function tableCheck(form: "records" | "columns" | "v2", results: string): (value: unknown) => boolean {
  return (value) => isSameTable(form === "records" ? ofRecords(value) : form === "v2" ? ofOutputs(value) : ofColumns(value), results);
}

function ofRecords(value: unknown): Values {
  const records = list(value).map(object);
  const names = Object.keys(records[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, records.map((record) => member(record, name))]));
}

function ofColumns(value: unknown): Values {
  return Object.fromEntries(Object.entries(object(value)).map(([name, each]) => [name, list(each)]));
}

function ofOutputs(value: unknown): Values {
  return Object.fromEntries(list(member(value, "outputs")).map((each) => [String(member(each, "name")), list(member(each, "data"))]));
}

function member(value: unknown, name: string): unknown {
  return Reflect.get(object(value), name);
}

function object(value: unknown): object {
  if (typeof value !== "object" || value === null) throw new Error("no object");
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error("no array");
  return value;
}

import { describe, expect, it } from "vitest";
import type { Form } from "../../../bench/load/job.ts";
import { Repeated } from "../../../bench/load/repeated.ts";
import { checkOf } from "../../../bench/load/right.ts";

const csv = "a,b\n1e-07,2.5\n-0.25,11\n";
const isRight = (form: Form, body: unknown, status = 200) =>
  checkOf(form, csv)({ status, ms: 1, body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) });

describe("checkOf", () => {
  it.each<[Form, unknown, unknown]>([
    ["csv", csv, csv.replace("2.5", "2.50")],
    ["json", { results: csv }, { results: "a" }],
    ["columns", { a: [1e-7, -0.25], b: [2.5, 11] }, { a: [1e-7, -0.25], b: [11, 2.5] }],
    [
      "records",
      [
        { a: 1e-7, b: 2.5 },
        { a: -0.25, b: 11 },
      ],
      [{ a: 1e-7, b: 2.5 }],
    ],
    [
      "v2",
      {
        outputs: [
          { name: "a", data: [1e-7, -0.25] },
          { name: "b", data: [2.5, 11] },
        ],
      },
      { outputs: [{ name: "a", data: [1e-7, -0.25] }] },
    ],
  ])("%s: the right rows and no others", (form, right, wrong) => {
    expect(isRight(form, right)).toBe(true);
    expect(isRight(form, wrong)).toBe(false);
    expect(isRight(form, right, 503)).toBe(false);
    expect(isRight(form, "no json")).toBe(false);
  });
});

describe("Repeated", () => {
  const body = () => new Repeated(Buffer.from(csv), 3);
  const whole = csv + "1e-07,2.5\n-0.25,11\n".repeat(2);

  it("gives the records again without the header", () => {
    const text = Buffer.concat([...body().pieces()]).toString();
    expect(text).toBe(whole);
    expect(body().bytes).toBe(text.length);
  });

  it.each([1, 2, 7, 100])("knows its own bytes in pieces of %i, and no others", (size) => {
    const same = (text: string) => {
      const compare = body().compare();
      for (let at = 0; at < text.length; at += size) compare.push(Buffer.from(text.slice(at, at + size)));
      return compare.isWhole();
    };
    expect(same(whole)).toBe(true);
    expect(same(whole.slice(0, -1))).toBe(false);
    expect(same(`${whole}1`)).toBe(false);
    expect(same(whole.replace(/11\n$/, "12\n"))).toBe(false);
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BadBody, readDsdlBody } from "../../../server/compute/dsdl-body.ts";
import { Spool } from "../../../server/compute/spool.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dsdl-body-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(json: string | Buffer, cutEvery = 1_000_000, memory = 1_000_000) {
  await using spool = new Spool(folder, `r${Math.random()}`, memory);
  const bytes = Buffer.from(json);
  async function* chunks() {
    for (let i = 0; i < bytes.length; i += cutEvery) yield Buffer.from(bytes.subarray(i, i + cutEvery));
  }
  const body = await readDsdlBody(chunks(), spool);
  const rows: Buffer[] = [];
  const held = await spool.rows();
  if (Buffer.isBuffer(held)) rows.push(held);
  else for await (const chunk of held) rows.push(chunk);
  return { ...body, rows: Buffer.concat(rows).toString("utf8") };
}

describe("readDsdlBody", () => {
  it("takes the rows out and leaves meta as it was written", async () => {
    const meta = '{"options": {"x": 1.0, "big": 12345678901234567890, "e": 1e3, "s": "a\\"}]b"}}';
    expect(await read(`{ "data" : "a,b\\n1,\\"x\\"\\n" , "meta": ${meta} , "more": [1, {"data": "no"}]}`)).toEqual({
      data: { isText: true },
      meta,
      rows: 'a,b\n1,"x"\n',
    });
  });

  it("takes meta before data, and the second of two data", async () => {
    expect(await read('{"meta":{},"data":"a\\n1\\n"}')).toMatchObject({ rows: "a\n1\n" });
    expect(await read('{"data":"first","meta":{},"data":"second"}')).toMatchObject({ rows: "second" });
  });

  it("knows the key however it is escaped", async () => {
    expect(await read('{"d\\u0061ta":"a\\n1","meta":1}')).toMatchObject({ data: { isText: true }, rows: "a\n1" });
  });

  it.each([["null"], ["5"], ["[1]"], ["true"]])("says that data is %s", async (json) => {
    expect(await read(`{"data":${json},"meta":{}}`)).toMatchObject({ data: { isText: false, json } });
  });

  it.each([
    [""],
    ["[]"],
    ["null"],
    ["7"],
    ['"text"'],
    ["{}"],
    ['{"data":"x"}'],
    ['{"meta":{}}'],
    ['{"data":"x","meta":{}'],
    ['{"data":"x'],
    ['{"data":"\\x","meta":{}}'],
    ['{"data":"\\u12g4","meta":{}}'],
    ['{"data":"a\nb","meta":{}}'],
    ['{"data":"x" "meta":{}}'],
    ['{"data":"x","meta":{}} more'],
  ])("refuses %s", async (json) => {
    await expect(read(json)).rejects.toBeInstanceOf(BadBody);
  });

  it("gives what JSON.parse gives, wherever the bytes are cut and however they are escaped", async () => {
    const text = fc.string({ unit: "binary", maxLength: 60 }).map((each) => each.toWellFormed());
    const escapeAll = (each: string) =>
      `"${Array.from({ length: each.length }, (_, i) => `\\u${each.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")}"`;
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.json(),
        fc.boolean(),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(0, 8, 1000),
        async (data, meta, isEscaped, cut, memory) => {
          const body = `{"x":[{"data":"\\""}],"data":${isEscaped ? escapeAll(data) : JSON.stringify(data)},"meta":${meta}}`;
          const got = await read(body, cut, memory);
          expect(got.rows).toBe(data);
          expect(got.meta.trim()).toBe(meta.trim());
        },
      ),
      { numRuns: 300 },
    );
  });
});

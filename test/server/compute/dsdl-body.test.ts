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

  it("gives what JSON.parse gives of long texts, of which the engine reads what it can", async () => {
    const piece = fc.constantFrom(
      "1.5,-2\n",
      'a "quoted" \\ value,\r\n',
      "\t\b\f/",
      "é",
      "漢字",
      "😀",
      "u",
      "\\u0041",
      "\u0001\u001f",
      "\u007f\u2028",
    );
    const ascii = (json: string) => json.replaceAll(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 500, max: 3000 }),
        fc.boolean(),
        fc.integer({ min: 4090, max: 9000 }),
        async (pieces, times, isAscii, cut) => {
          const data = pieces.join("").repeat(times);
          const json = JSON.stringify({ data, meta: { data } });
          const got = await read(isAscii ? ascii(json) : json, cut);
          expect(got.rows === data).toBe(true);
          expect(JSON.parse(got.meta)).toEqual({ data });
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([["\\x"], ["\\u12g4"], ["\n"], ["\\"]])("refuses a long text with %j in it", async (wrong) => {
    const long = "a,b\\n".repeat(5000);
    await expect(read(`{"data":"${long}${wrong}${long}","meta":{}}`, 65536)).rejects.toBeInstanceOf(BadBody);
  });

  it("keeps bytes that are no characters as they came", async () => {
    await using spool = new Spool(folder, "bytes", 1_000_000);
    const bytes = Buffer.concat(Array.from({ length: 3000 }, () => Buffer.from([0x61, 0xff, 0xc3, 0x5c, 0x6e])));
    async function* chunks() {
      yield Buffer.concat([Buffer.from('{"meta":{},"data":"'), bytes, Buffer.from('"}')]);
    }
    await readDsdlBody(chunks(), spool);
    expect(await spool.rows()).toEqual(Buffer.from(bytes.toString("latin1").replaceAll("\\n", "\n"), "latin1"));
  });
});

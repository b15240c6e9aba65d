import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AnswerReader } from "../../../bench/load/answer-reader.ts";

/** What a reader makes of pieces, and of the connection's end after them. */
function read(pieces: readonly Buffer[], { ends = false } = {}) {
  const answers: { status: number; isLast: boolean; body: string }[] = [];
  let body: Buffer[] = [];
  const reader = new AnswerReader({
    body: (piece) => body.push(Buffer.from(piece)),
    end: (head) => {
      answers.push({ ...head, body: Buffer.concat(body).toString() });
      body = [];
    },
  });
  for (const piece of pieces) reader.push(piece);
  if (ends) reader.end();
  return { answers, isWithin: reader.isWithin };
}

const sized = (body: string) => `HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const chunked = (...chunks: string[]) => {
  const framed = chunks.map((each) => `${Buffer.byteLength(each).toString(16)};x=1\r\n${each}\r\n`).join("");
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${framed}0\r\nreceipt: yes\r\n\r\n`;
};

describe("AnswerReader", () => {
  it("reads any sequence of answers, wherever the bytes are cut", () => {
    const answer = fc.oneof(
      fc.string().map((body) => ({ text: sized(body), body })),
      fc.array(fc.string({ minLength: 1 })).map((chunks) => ({ text: chunked(...chunks), body: chunks.join("") })),
    );
    const cuts = fc.array(fc.nat(400), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1, maxLength: 4 }), cuts, (sent, at) => {
        const bytes = Buffer.from(sent.map(({ text }) => text).join(""));
        const places = [0, ...at.toSorted((a, b) => a - b), bytes.length];
        const { answers, isWithin } = read(places.slice(1).map((end, index) => bytes.subarray(places[index], end)));
        expect(answers.map(({ body }) => body)).toEqual(sent.map(({ body }) => body));
        expect(isWithin).toBe(false);
      }),
    );
  });

  it("reads a body up to the connection's end, one without a body, and past 100 Continue", () => {
    const old = "HTTP/1.0 200 OK\r\ncontent-type: text/html\r\n\r\nall";
    expect(read([Buffer.from(old)], { ends: true }).answers).toEqual([{ status: 200, isLast: true, body: "all" }]);
    const closing = "HTTP/1.1 503 Busy\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno";
    expect(read([Buffer.from(closing)]).answers).toEqual([{ status: 503, isLast: true, body: "no" }]);
    const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    expect(read([Buffer.from(interim + sized("x"))]).answers).toEqual([
      { status: 204, isLast: false, body: "" },
      { status: 200, isLast: false, body: "x" },
    ]);
  });

  it.each([
    ["a length", sized("whole").slice(0, -1)],
    ["chunks", chunked("abc").slice(0, -1)],
    ["a head", "HTTP/1.1 200 OK\r\n"],
  ])("does not take an answer with %s for whole when the connection breaks", (_, text) => {
    expect(() => read([Buffer.from(text)], { ends: true })).toThrow("broke within an answer");
    expect(read([Buffer.from(text)]).answers).toEqual([]);
  });

  it.each([
    ["SSH-2.0-OpenSSH\r\n\r\n"],
    [`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`],
    [`HTTP/1.1 200 ${"x".repeat(70_000)}`],
  ])("refuses what is no HTTP", (text) => {
    expect(() => read([Buffer.from(text)])).toThrow();
  });
});

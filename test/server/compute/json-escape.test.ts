import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapedPieces } from "../../../server/compute/json-escape.ts";

describe("escapedPieces", () => {
  it("is the inside of what JSON.stringify writes, of any text and length", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 50 }), fc.constantFrom(1, 7, 20_000), (part, times) => {
        const text = part.toWellFormed().repeat(times);
        const joined = Buffer.concat([...escapedPieces(Buffer.from(text))]).toString("utf8");
        expect(`"${joined}"` === JSON.stringify(text)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escaped, escapedLine, jsonText } from "../../bin/escapes.ts";
import { facts, table } from "../../bin/show.ts";

const risky = /[\p{Cc}\p{Bidi_Control}\p{Cs}\u2028\u2029]/u;
/** Any text, in which risky characters are as frequent as others. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.nat({ max: 0x9f }).map(String.fromCharCode),
      fc.constantFrom("\u202e", "\u2066", "\ud800", "\u2028"),
    ),
  )
  .map((parts) => parts.join(""));

describe("what is shown", () => {
  it("holds nothing that acts on a terminal, and stays what it was where nothing does", () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(escapedLine(given)).not.toMatch(risky);
        expect(escaped(given).replaceAll(/[\n\t]/g, "")).not.toMatch(risky);
        if (!risky.test(given)) expect([escaped(given), escapedLine(given)]).toEqual([given, given]);
        expect(escaped(escaped(given))).toBe(escaped(given));
      }),
    );
  });

  it("is the same JSON", () => {
    fc.assert(
      fc.property(fc.dictionary(text, text), (given) => {
        const shown = jsonText(given);
        expect(shown.replaceAll("\n", "")).not.toMatch(risky);
        expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(given)));
      }),
    );
  });

  it("names the character", () => {
    expect(escaped("a\u001b[31mb\r\nc\rd\te\u009b\u202e")).toBe("a\\u001b[31mb\nc\\u000dd\te\\u009b\\u202e");
    expect(escapedLine("a\nb\tc\rd")).toBe("a\\nb\\tc\\rd");
  });

  it("goes for tables and facts", () => {
    expect(table(["name"], [["a\u001b[2J\nb"]], "")).toBe("NAME\na\\u001b[2J\\nb");
    expect(facts({ name: "a\u202eb" })).toBe("name  a\\u202eb");
  });
});

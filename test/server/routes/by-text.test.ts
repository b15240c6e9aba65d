import fc from "fast-check";
import { expect, it } from "vitest";
import { byText } from "../../../server/routes/by-text.ts";

it("gives what the function gives, whatever came before", () => {
  const texts = fc.oneof(fc.constantFrom("", "a", "b", "x".repeat(200), "x".repeat(201)), fc.string({ maxLength: 300 }));
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 400 }), (asked) => {
      const read = (text: string) => (text === "" ? undefined : `${text.length} ${text}`);
      const remembering = byText(read);
      expect(asked.map(remembering)).toEqual(asked.map(read));
    }),
  );
});

it("reads a text once, if it is short, and forgets all when there are many", () => {
  const asked: string[] = [];
  const remembering = byText((text) => void asked.push(text));
  for (const text of ["a", "b", "a", "", ""]) remembering(text);
  expect(asked).toEqual(["a", "b", ""]);
  const long = "x".repeat(201);
  for (const text of [long, long]) remembering(text);
  expect(asked.slice(3)).toEqual([long, long]);
  for (let at = 0; at < 100; at++) remembering(`${at}`);
  asked.length = 0;
  remembering("a");
  expect(asked).toEqual(["a"]);
});

import { basename, join, normalize } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AlgorithmName, FileSafeName, nameKey } from "#contract/names.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("a", ".", "/", "\\", " ", "-", "_", "\0", "\n", "é") }),
);

describe("the names of algorithms", () => {
  it("never leave a folder, nor hide in it", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        if (!AlgorithmName.safeParse(text).success) return;
        const file = `${text}.py`;
        expect(basename(file)).toBe(file);
        expect(normalize(join("/model", file))).toBe(`/model/${file}`);
        expect(text.startsWith(".")).toBe(false);
      }),
    );
  });

  it.each(["a", "My Notebook 1.2", "Übung – zwei", "random_forest", "a.b.c", "-x", "日本語"])("may be %j", (name) => {
    expect(AlgorithmName.parse(name)).toBe(name);
  });

  it.each(["", ".", "..", ".hidden", "a/b", "a\\b", "a\nb", "a\0", "x".repeat(129)])("may not be %j", (name) => {
    expect(AlgorithmName.safeParse(name).success).toBe(false);
  });
});

describe("the key of a name", () => {
  it("is one key for one name, however it is written", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-composite" }), (text) => {
        expect(nameKey(nameKey(text))).toBe(nameKey(text));
        expect(nameKey(text.normalize("NFD"))).toBe(nameKey(text.normalize("NFC")));
      }),
    );
    fc.assert(
      fc.property(fc.string(), (ascii) => {
        expect(nameKey(ascii.toUpperCase())).toBe(nameKey(ascii));
      }),
    );
    expect(nameKey("ÜBUNG")).toBe(nameKey("u\u0308bung"));
    // There is no capital of this letter: J and a caron become one letter only in lower case.
    expect(nameKey("J\u030c")).toBe(nameKey("\u01f0"));
  });
});

describe("the names of models and datasets", () => {
  it("are safe as a part of a file's name", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        if (!FileSafeName.safeParse(text).success) return;
        for (const file of [text, `iris_${text}`, `${text}.csv`]) expect(normalize(join("/data", file))).toBe(`/data/${file}`);
        expect(text).not.toMatch(/[/\\\p{Cc}]|\.\.|^[. -]|[. ]$/u);
      }),
    );
  });

  it.each(["default", "a", "_x", "my model 2", "v1.2-b", "é"])("may be %j", (name) => {
    expect(FileSafeName.parse(name)).toBe(name);
  });

  it.each(["", "-rf", ".x", "a..b", "a.", "a ", "a/b", "a\nb", ":a", "x".repeat(129)])("may not be %j", (name) => {
    expect(FileSafeName.safeParse(name).success).toBe(false);
  });
});

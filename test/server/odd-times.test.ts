import { rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";
import { answering, odd } from "./support/odd.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

const { say, text } = odd(() => test);
const at = (name: string) => join(test.home, "notebooks", `${name}.ipynb`);

describe("a clock that jumps", () => {
  it("hides no save: same size, same mtime, same file", async () => {
    const name = "same";
    const file = at(name);
    await writeFile(file, text(answering("1")));
    const then = new Date("2020-01-01");
    await utimes(file, then, then);
    expect(await say(name)).toBe("1");
    for (const value of ["2", "3"]) {
      await writeFile(file, text(answering(value)));
      await utimes(file, then, then);
      expect(await say(name)).toBe(value);
    }
  });

  it("nor one from the past or the future", async () => {
    const name = "jumping";
    const file = at(name);
    for (const [value, year] of [
      ["1", "2038"],
      ["2", "1971"],
      ["3", "2038"],
    ] as const) {
      await writeFile(`${file}.new`, text(answering(value)));
      await utimes(`${file}.new`, new Date(year), new Date(year));
      await rename(`${file}.new`, file);
      expect(await say(name)).toBe(value);
    }
  });
});

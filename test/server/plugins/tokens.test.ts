import { chmod, mkdtemp, mkdtempDisposable, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dltkToken, isDltkToken, isSameText, ownToken, tokenNames } from "../../../server/plugins/tokens.ts";

describe("tokenNames", () => {
  it("knows exactly the tokens that it was given", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 5 }), fc.string(), (tokens, other) => {
        const names = tokenNames(tokens.map((token, index) => ({ name: `${index}`, token })));
        expect(tokens.map((token) => names(token))).toEqual(tokens.map((_, index) => `${index}`));
        if (!tokens.includes(other)) expect(names(other)).toBeUndefined();
      }),
    );
  });
});

describe("isSameText", () => {
  it("says what === says", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(isSameText(a, b)).toBe(a === b);
        expect(isSameText(a, `${a}`)).toBe(true);
        for (let at = 0; at < a.length; at++) {
          const other = a.slice(0, at) + String.fromCharCode(a.charCodeAt(at) ^ (1 << (at % 16))) + a.slice(at + 1);
          expect(isSameText(a, other)).toBe(false);
        }
      }),
    );
  });
});

describe("ownToken", () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "token-"));
  });
  afterEach(() => rm(home, { recursive: true }));
  const modeOf = async (...path: string[]) => (await stat(join(home, ...path))).mode & 0o777;

  it("is made once, however many ask at once, for its owner alone", async () => {
    const [first, ...others] = await Promise.all(Array.from({ length: 8 }, () => ownToken(home)));
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(new Set([first, ...others, await ownToken(home)]).size).toBe(1);
    expect(await readdir(join(home, ".bridge"))).toEqual(["token"]);
    expect([await modeOf(".bridge"), await modeOf(".bridge", "token")]).toEqual([0o700, 0o600]);
  });

  it("is closed to others again when somebody opened it", async () => {
    await ownToken(home);
    await chmod(join(home, ".bridge", "token"), 0o644);
    await ownToken(home);
    expect(await modeOf(".bridge", "token")).toBe(0o600);
  });

  it.each(["", "short\n", "two words in one line"])("refuses a file that holds %j", async (text) => {
    await ownToken(home);
    await writeFile(join(home, ".bridge", "token"), text);
    await expect(ownToken(home)).rejects.toThrow("Delete it");
  });
});

describe("dltkToken", () => {
  it("is a secret of its own, known while its file is there, and never when that holds no token", async () => {
    await using home = await mkdtempDisposable(join(tmpdir(), "token-"));
    expect(await isDltkToken(home.path, "")).toBe(false);
    const own = await ownToken(home.path);
    const token = await dltkToken(home.path);
    expect(await dltkToken(home.path)).toBe(token);
    const file = join(home.path, ".bridge/dltk-token");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const known = async () => Promise.all([token, own, "", `${token}\n`].map((each) => isDltkToken(home.path, each)));
    expect(await known()).toEqual([true, false, false, false]);
    for (const text of ["", "short"]) {
      await writeFile(file, text);
      expect(await isDltkToken(home.path, text)).toBe(false);
    }
    await rm(file);
    expect(await known()).toEqual([false, false, false, false]);
  });
});

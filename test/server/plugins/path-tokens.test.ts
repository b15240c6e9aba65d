import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pathTokens } from "../../../server/plugins/path-tokens.ts";
import { dltkToken } from "../../../server/plugins/tokens.ts";

it("knows one token, counts every wrong one, and logs them once a minute without their text", async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), "paths-"));
  const lines: string[] = [];
  let refused = 0;
  let now = 5;
  const paths = pathTokens({
    home: home.path,
    onRefused: () => void refused++,
    clock: { now: () => "2026-01-31T00:00:00.000Z", ticks: () => now },
    log: { ...console, warn: (...line: unknown[]) => void lines.push(JSON.stringify(line)) },
  });
  expect(await paths.callerOf("anything")).toBeUndefined();
  const token = await dltkToken(home.path);
  expect(await paths.callerOf(token)).toBe("dltk");
  for (const wrong of [undefined, "", `${token}=`, token.toLowerCase(), "guess-that-is-wrong"])
    expect(await paths.callerOf(wrong)).toBeUndefined();
  expect([refused, lines.length]).toEqual([6, 1]);
  now += 60_000;
  await paths.callerOf("guess-that-is-wrong");
  expect(lines.map((line) => JSON.parse(line)[0])).toEqual([{ refused: 1 }, { refused: 6 }]);
  expect(lines.join()).not.toContain("guess");
});

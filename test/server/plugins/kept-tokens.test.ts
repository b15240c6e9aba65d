import { mkdir, mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { openTokens } from "../../../server/plugins/kept-tokens.ts";
import { quietLog } from "../store/store-suite.ts";

it("the state of kept tokens is another one as soon as a token came or went, here or in another bridge, and else the same", async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), "tokens-"));
  await mkdir(join(home.path, ".bridge"));
  const now = () => "2026-01-31T00:00:00.000Z";
  using tokens = await openTokens(home.path, [], now, quietLog);
  using elsewhere = await openTokens(home.path, [], now, quietLog);
  const states = [tokens.state()];
  const token = await tokens.add("one");
  states.push(tokens.state());
  expect(tokens.nameOf(token)).toBe("one");
  expect(tokens.state()).toBe(states[1]);
  await tokens.remove("one");
  states.push(tokens.state());
  expect(tokens.nameOf(token)).toBeUndefined();
  await elsewhere.add("two");
  await vi.waitFor(() => expect(tokens.list()).toHaveLength(1), 10_000);
  states.push(tokens.state());
  expect(new Set(states).size).toBe(4);
});

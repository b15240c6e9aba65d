import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

const worker = resolve(import.meta.dirname, "../../../runtimes/python/worker");

it("code is compiled to the same where a look at the text spares looking at every node", { timeout: 60_000 }, async () => {
  const seed = String(Math.floor(Math.random() * 2 ** 31));
  const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, "old_paths.py"), worker, seed]);
  const { differing, quick, slow } = JSON.parse(stdout);
  expect(differing, `seed ${seed}`).toEqual([]);
  expect(quick).toBeGreaterThan(100);
  expect(slow).toBeGreaterThan(1000);
});

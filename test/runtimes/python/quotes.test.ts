import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

// CHANCES=100000 tries so many of each kind, from a seed of its own.
const many = process.env.CHANCES ?? "400";
const seed = process.env.SEED ?? "1";

it.each([
  ["quotes.py", "ends of records where pandas finds them, wherever quotes stand"],
  ["whole.py", "all digits of whole numbers beside decimal ones"],
])(
  "%s finds %s",
  (script) => {
    const path = join(import.meta.dirname, script);
    expect(execFileSync(python, ["-W", "ignore", path, many, seed], { encoding: "utf8" })).toBe("fine\n");
  },
  120_000 + 20 * Number(many),
);

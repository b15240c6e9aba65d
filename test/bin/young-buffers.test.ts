import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

// Each in a process of its own: the setting is the engine's. The ballast makes a full collection cost what it costs a bridge.
const program = (before: string) => `
  import { PerformanceObserver, constants } from "node:perf_hooks";
  import { collectBuffersEarly } from "./bin/young-buffers.ts";
  ${before}
  let full = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) full++;
  });
  observer.observe({ entryTypes: ["gc"] });
  for (let i = 0; i < 200; i++) {
    for (let k = 0; k < 64; k++) Buffer.from(new ArrayBuffer(65536));
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(full);`;

async function fullCollections(before: string): Promise<number> {
  const options = { cwd: join(import.meta.dirname, "../..") };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program(before)], options);
  return Number(stdout);
}

describe("collectBuffersEarly", () => {
  it("lets buffers pass without a collection of everything", async () => {
    expect(await fullCollections("")).toBeGreaterThan(3);
    expect(await fullCollections("collectBuffersEarly();")).toBeLessThan(2);
  });
});

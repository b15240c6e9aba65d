import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { allowed, mostIdle } from "../../../server/workers/most-idle.ts";

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             96365                96365                processes
Max open files            20000                524288               files
`;
const KERNEL = { "proc/sys/kernel/threads-max": "192730\n", "proc/sys/kernel/pid_max": "32768\n" };

it.each([
  ["the kernel", { "proc/self/limits": LIMITS, ...KERNEL }, { threads: 32768, files: 20000 }],
  ["the process's own limit", { "proc/self/limits": LIMITS.replace("96365", "3000"), ...KERNEL }, { threads: 3000, files: 20000 }],
  ["no limit", { "proc/self/limits": LIMITS.replace("96365", "unlimited"), ...KERNEL }, { threads: 32768, files: 20000 }],
  [
    "a control group above",
    {
      ...{ "proc/self/limits": LIMITS, ...KERNEL, "proc/self/cgroup": "0::/system.slice/bridge.service\n" },
      "sys/fs/cgroup/system.slice/bridge.service/pids.max": "max\n",
      "sys/fs/cgroup/system.slice/pids.max": "4915\n",
    },
    { threads: 4915, files: 20000 },
  ],
  ["a container's root", { "proc/self/limits": LIMITS, ...KERNEL, "sys/fs/cgroup/pids.max": "1024\n" }, { threads: 1024, files: 20000 }],
  [
    "a control group, version 1",
    {
      ...KERNEL,
      "proc/self/cgroup": "4:pids:/system.slice/bridge.service\n",
      "sys/fs/cgroup/pids/system.slice/bridge.service/pids.max": "700\n",
    },
    { threads: 700, files: 4096 },
  ],
  ["a container's root, cgroup v1", { ...KERNEL, "sys/fs/cgroup/pids/pids.max": "512\n" }, { threads: 512, files: 4096 }],
  ["nobody", {}, { threads: 8192, files: 4096 }],
] as const)("what is allowed is what %s says", (_, files, expected) => {
  const system = mkdtempSync(join(tmpdir(), "allowed-"));
  onTestFinished(() => rmSync(system, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(system, path)), { recursive: true });
    writeFileSync(join(system, path), text);
  }
  expect(allowed(system)).toEqual(expected);
});

it("this system says something", () => {
  const { threads, files } = allowed();
  expect(Math.min(threads, files)).toBeGreaterThan(100);
});

it("few may idle where few threads or files are allowed, and more workers where a worker has few threads", () => {
  expect(mostIdle({ threads: 32768, files: 20000 }, 2)).toBe(1000);
  expect(mostIdle({ threads: 32768, files: 20000 }, 64)).toBe(62);
  expect(mostIdle({ threads: 1024, files: 20000 }, 2)).toBe(32);
  expect(mostIdle({ threads: 1e9, files: 1e9 }, 2)).toBe(2048);
});

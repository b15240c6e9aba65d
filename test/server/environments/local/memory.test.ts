import { expect, it } from "vitest";
import { OwnMemory, privateMemory } from "../../../../server/environments/local/memory.ts";

const MB = 2 ** 20;

it.runIf(process.platform === "linux")(
  "a process's own memory is measured when its resident memory changed, and now and then",
  async () => {
    let measured = 0;
    let resident = 100 * MB;
    let now = 0;
    const memory = new OwnMemory(1, { measure: async () => ++measured, resident: async () => resident, ticks: () => now });
    for (; now < 3000; now += 300) expect(await memory.bytes()).toBe(1);
    expect(await memory.bytes()).toBe(2); // it may have copied what it shares
    resident += 3 * MB;
    expect(await memory.bytes()).toBe(2);
    resident += 3 * MB;
    expect(await memory.bytes()).toBe(3);
    resident -= 9 * MB;
    expect(await memory.bytes()).toBe(4);
    resident = 0;
    expect([await memory.bytes(), await memory.bytes()]).toEqual([5, 6]); // gone
  },
);

it.runIf(process.platform === "linux")("a guess adds what became resident since it was measured, and measures nothing", async () => {
  let measured = 0;
  let resident = 100 * MB;
  const measure = async () => {
    measured++;
    return 10 * MB;
  };
  const memory = new OwnMemory(1, { measure, resident: async () => resident, ticks: () => 0 });
  expect(await memory.bytes(true)).toBe(0); // of what is not known
  expect(await memory.bytes()).toBe(10 * MB);
  resident += 50 * MB;
  expect(await memory.bytes(true)).toBe(60 * MB);
  resident -= 80 * MB;
  expect(await memory.bytes(true)).toBe(0);
  expect(measured).toBe(1);
});

it("tells what a process grew by", async () => {
  const memory = new OwnMemory(process.pid);
  const before = await memory.bytes();
  const held = Buffer.alloc(64 * MB, 1);
  expect((await memory.bytes()) - before).toBeGreaterThan(32 * MB);
  expect(held[0]).toBe(1);
  expect(await privateMemory(2 ** 30)).toBe(0);
});

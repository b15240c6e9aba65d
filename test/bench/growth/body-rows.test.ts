import { expect, it } from "vitest";
import { bodyOf, SameBytes } from "../../../bench/growth/body-rows.ts";

it("makes bodies of about the bytes that are asked for, of whole rows", () => {
  for (const bytes of [60, 1000, 1 << 18, (1 << 18) + 8, 700_000]) {
    const body = Buffer.concat([...bodyOf(bytes)]).toString();
    expect(body).toMatch(/^a,b,c,d\n(?:[^,\n]+,[^,\n]+,[^,\n]+,[^,\n]+\n)+$/);
    expect(Math.abs(body.length - bytes)).toBeLessThan(60);
  }
});

it("knows bytes that are the same, in whatever pieces, from those that are not", () => {
  const body = Buffer.concat([...bodyOf(600_000)]);
  const same = (bytes: Buffer, piece: number): boolean => {
    const compared = new SameBytes(bodyOf(600_000));
    for (let at = 0; at < bytes.length; at += piece) compared.add(bytes.subarray(at, at + piece));
    return compared.isSame();
  };
  expect(same(body, 1000)).toBe(true);
  expect(same(body, 1 << 20)).toBe(true);
  expect(same(body.subarray(0, -1), 4096)).toBe(false);
  expect(same(Buffer.concat([body, Buffer.from("\n")]), 4096)).toBe(false);
  const changed = Buffer.from(body);
  changed.writeUInt8(0, 300_000);
  expect(same(changed, 4096)).toBe(false);
});

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { Spool } from "../../../server/compute/spool.ts";

it("rows that cannot be kept are told at the next ones, also when the file failed between two pieces", async () => {
  await using spool = new Spool(join("/nowhere", "of", "this", "name"), "run", 0);
  spool.write(Buffer.alloc(1));
  await expect.poll(() => spool.drained().catch((error: NodeJS.ErrnoException) => error.code)).toBe("ENOENT");
  await sleep(10); // the stream has told that it is closed, and will not again
  spool.write(Buffer.alloc(4 * 2 ** 20));
  await expect(spool.drained()).rejects.toMatchObject({ code: "ENOENT" });
});

import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { killSession } from "../../../../server/environments/local/session.ts";

/** No process has such an id. */
const BEYOND = 2 ** 22;

it("opens few files however many workers end together", async () => {
  const opened = () => readdirSync("/proc/self/fd").length;
  const before = opened();
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, opened() - before);
  }, 1);
  const ending = Array.from({ length: 200 }, (_, number) =>
    killSession(BEYOND + number, { isGone: true, mark: `COMPUTE_BRIDGE_SOCKET=/nowhere/${number}.sock` }),
  );
  await Promise.all(ending);
  clearInterval(timer);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(200);
});

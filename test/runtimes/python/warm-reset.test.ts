import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { until } from "../../server/workers/fixture.ts";
import { python } from "../bench.ts";

const worker = resolve(import.meta.dirname, "../../../runtimes/python/worker/__main__.py");

it.runIf(process.platform === "linux")("a warm process whose bridge dies with something unread of it ends as with any other", async () => {
  const folder = mkdtempSync(join(tmpdir(), "warm-"));
  const path = join(folder, "warm.sock");
  // What comes is left in the connection, which is then reset when it is closed.
  const server = createServer({ pauseOnConnect: true }).listen(path);
  const warm = spawn(python, [worker, "--warm"], { env: { PATH: process.env.PATH, COMPUTE_BRIDGE_WARM: path }, stdio: "ignore" });
  const ended = once(warm, "exit");
  const [connection] = (await once(server, "connection")) as [Socket];
  // It has said that it is warm before it forks a spare.
  await until(() => readFileSync(`/proc/${warm.pid}/task/${warm.pid}/children`, "utf8") !== "");
  connection.destroy();
  expect(await ended).toEqual([0, null]);
  server.close();
  rmSync(folder, { recursive: true });
});

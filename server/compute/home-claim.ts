import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { Conflict } from "#contract/errors.ts";
import { isAnswered } from "../environments/local/answered.ts";

/**
 * Sees to it that one bridge uses a home: two would sweep away each other's unfinished work. A socket that somebody
 * answers is a claim that holds; one left by a killed process refuses, and is taken over.
 *
 * Bridges that share a store on Postgres tell their unfinished work apart, so they may share a home as well; not with one
 * that has its store there.
 *
 * @throws Conflict when another bridge runs on this home
 */
export async function claimHome(root: string, { isShared }: { isShared: boolean }): Promise<AsyncDisposable> {
  // In the temporary folder, as the path of a socket may be no longer than 104 bytes.
  const name = createHash("sha256")
    .update(await realpath(root))
    .digest("hex")
    .slice(0, 16);
  const path = join(tmpdir(), `compute-bridge-${userInfo().uid}-${name}.sock`);
  if (await isAnswered(path)) {
    throw new Conflict(`Another bridge runs on ${root}.`, "Stop it first, or give this one another BRIDGE_HOME.");
  }
  if (isShared) return { async [Symbol.asyncDispose]() {} };
  await rm(path, { force: true });
  const server = createServer((socket) => socket.destroy());
  server.listen(path);
  await once(server, "listening");
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

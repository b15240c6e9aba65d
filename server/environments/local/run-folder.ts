import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { readdir, realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAnswered } from "./answered.ts";
import { killMarked } from "./session.ts";

/** A folder of one life of a bridge, for sockets and logs. Removed when disposed of. */
export interface RunFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes this life's folder, private to this user. First it ends what earlier lives of a bridge on this home left behind
 * when they were killed: their processes, found by the folder's path in their environment, and their folders. A life
 * that still answers on its socket is left alone.
 *
 * In the temporary folder, because the path of a unix socket holds 104 bytes at most.
 */
export async function openRunFolder(home: string): Promise<RunFolder> {
  const name = createHash("sha256")
    .update(await realpath(home))
    .digest("hex")
    .slice(0, 8);
  const prefix = `cb-${name}-`;
  for (const entry of await readdir(tmpdir())) {
    const path = join(tmpdir(), entry);
    if (!entry.startsWith(prefix) || (await isAnswered(join(path, "bridge")))) continue;
    await killMarked(`${path}/`); // before their files go: a fit that lives on would write them again
    await rm(path, { recursive: true, force: true });
  }
  const path = mkdtempSync(join(tmpdir(), prefix));
  const server = createServer((socket) => socket.destroy());
  // In the same tick as the folder: whoever sees one without a socket that answers may remove it.
  server.listen(join(path, "bridge"));
  await once(server, "listening");
  server.unref();
  return {
    path,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      await closed;
      await rm(path, { recursive: true, force: true });
    },
  };
}

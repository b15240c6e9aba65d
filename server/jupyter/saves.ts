import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

const Save = z.object({ path: z.string(), notebook: z.looseObject({}).optional() });

/** In characters; the hook's own limit is half of it. */
const LONGEST_LINE = 200_000;

/** What is told of notebooks that are written through Jupyter. */
export interface SaveListener {
  /** One is about to be written: its absolute path, and all of it that an export depends on. */
  readonly onSaving?: (path: string, notebook: unknown) => void;
  /** One was written, about a millisecond ago. */
  readonly onSave?: (path: string) => void;
}

export interface SavesSocket extends AsyncDisposable {
  /** What `save_hook.py` connects to. */
  readonly path: string;
}

/**
 * Listens for the hooks in JupyterLab, which say what is about to be written, and the path of each notebook about a millisecond after it was.
 * The socket lies in a folder of its own that only this user can enter: paths of sockets may have about 100 bytes, BRIDGE_HOME's may be longer.
 */
export async function listenForSaves({ onSaving, onSave }: SaveListener, inside = tmpdir()): Promise<SavesSocket> {
  const folder = await mkdtemp(join(inside, "bridge-"));
  const path = join(folder, "saves");
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    const lines = createInterface({ input: socket });
    lines.on("error", () => {}); // passed on from the socket, whose own listener ends it
    lines.on("line", (line) => {
      const save = Save.safeParse(line.length > LONGEST_LINE ? undefined : parsed(line));
      if (!save.success) return;
      const { path: saved, notebook } = save.data;
      if (notebook === undefined) onSave?.(saved);
      else onSaving?.(saved, notebook);
    });
  });
  await new Promise<void>((listening, failed) => server.once("error", failed).listen(path, listening));
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((closed) => server.close(closed));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Half a line comes when Jupyter is killed while it writes: the watcher of the folder sees that save. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

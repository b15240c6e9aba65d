import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { z } from "zod";
import { BadCall, Conflict } from "#contract/errors.ts";
import { RunId } from "#contract/names.ts";
import { syncPath } from "./durable.ts";

/** What an answer's file says of it. */
const Kept = z.object({ run: RunId, request: z.string(), type: z.string() });

/** An answer that was given to the same key before. */
export interface Replay {
  readonly kind: "replay";
  readonly run: string;
  readonly type: string;
  readonly length: number;
  open(): Readable;
}

/** The first call of a key: its answer is kept as it goes out, and stands once `keep` is done. */
export interface First {
  readonly kind: "first";
  write(bytes: Buffer | string): void;
  keep(run: string, type: string): Promise<void>;
  /** The call failed: the key is free again. */
  abandon(): void;
}

export interface Answers {
  /**
   * @throws Conflict while the first call of the key runs; BadCall when the key came with another request before.
   */
  begin(caller: string, key: string, request: string): Promise<Replay | First>;
}

/**
 * Answers of calls with an `Idempotency-Key`, so that a call that is sent again answers the same and runs nothing.
 * Kept for a day, in files: they outlive the bridge.
 */
export async function openAnswers(folder: string, { now, seconds = 24 * 3600 }: { now: () => number; seconds?: number }): Promise<Answers> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(folder)) {
    const file = join(folder, entry);
    const { mtimeMs } = await stat(file);
    if (entry.endsWith(".part") || mtimeMs < now() - seconds * 1000) await rm(file, { force: true });
  }
  const running = new Set<string>();

  return {
    async begin(caller, key, request) {
      const id = createHash("sha256")
        .update(JSON.stringify([caller, key]))
        .digest("hex");
      const file = join(folder, id);
      if (running.has(id)) {
        throw new Conflict("A call with this Idempotency-Key is running.", "Wait for its answer, or use another key for another call.", 1);
      }
      running.add(id);
      const kept = await readFile(`${file}.json`, "utf8").then(
        (json) => Kept.parse(JSON.parse(json)),
        () => undefined,
      );
      if (kept) {
        running.delete(id);
        if (kept.request !== request) {
          throw new BadCall("This Idempotency-Key came with another request before.", "Use a new key for each new call.");
        }
        const { size } = await stat(`${file}.body`);
        return { kind: "replay", run: kept.run, type: kept.type, length: size, open: () => createReadStream(`${file}.body`) };
      }
      const stream = createWriteStream(`${file}.part`, { mode: 0o600 });
      let failed: Error | undefined;
      stream.on("error", (error) => {
        failed = error;
      });
      return {
        kind: "first",
        write: (bytes) => void stream.write(bytes),
        async keep(run, type) {
          try {
            stream.end();
            await finished(stream);
            if (failed) throw failed;
            // The body is on disk before the file that vouches for it: half an answer must never be given again as the whole.
            await syncPath(`${file}.part`);
            await rename(`${file}.part`, `${file}.body`);
            await writeFile(`${file}.json.part`, JSON.stringify({ run, request, type }), { mode: 0o600, flush: true });
            await syncPath(folder);
            await rename(`${file}.json.part`, `${file}.json`);
            await syncPath(folder);
          } finally {
            running.delete(id);
          }
        },
        abandon() {
          stream.destroy();
          running.delete(id);
          void rm(`${file}.part`, { force: true });
        },
      };
    },
  };
}

import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { z } from "zod";
import { Conflict, KeyReused } from "#contract/errors.ts";
import { RunId } from "#contract/names.ts";
import { Receipt } from "#contract/run.ts";
import type { Bridges, Claim } from "../store/store.ts";
import { syncPath } from "./durable.ts";
import type { BridgeHome } from "./home.ts";
import type { IsLeft } from "./left-behind.ts";

/** What is being written ends so. */
const PART = ".part";

/** Parts of a request by their names, all but its body: what a repetition must be the same in. */
const RequestParts = z.record(z.string(), z.string());
export type RequestParts = Readonly<z.infer<typeof RequestParts>>;

/** What an answer's file says of it. */
const Kept = z.object({ run: RunId, request: RequestParts, body: z.string(), type: z.string(), receipt: Receipt.nullable() });
type Kept = z.infer<typeof Kept>;

/** An answer that was given to the same key before. */
export interface Replay {
  readonly kind: "replay";
  readonly run: string;
  readonly type: string;
  /** Null where the answer itself holds it, or began before it was known. */
  readonly receipt: Receipt | null;
  readonly length: number;
  /** @param body the digest of the repetition's. @throws KeyReused when it is another */
  open(body: string): Readable;
}

/** The first call of a key: its answer is kept as it goes out, and stands once `keep` is done. */
export interface First {
  readonly kind: "first";
  write(bytes: Buffer | string): void;
  /** @param body the digest of the request's */
  keep(answer: { run: string; body: string; type: string; receipt: Receipt | null }): Promise<void>;
  /** The call failed: the key is free again. */
  abandon(): void;
}

export interface Answers {
  /**
   * A key is its caller's: another's is another key.
   *
   * @throws Conflict while the first call of the key runs; KeyReused when the key came with another request before.
   */
  begin(caller: string, key: string, request: RequestParts): Promise<Replay | First>;
}

/**
 * Answers of calls with an `Idempotency-Key`, so that a call that is sent again answers the same and runs nothing.
 * Kept for a day, in files: they outlive the bridge, and bridges that share the home share them.
 */
export async function openAnswers(
  { answers: folder, mark }: Pick<BridgeHome, "answers" | "mark">,
  { bridges, now, seconds = 24 * 3600 }: { bridges: Pick<Bridges, "claim">; now: () => number; seconds?: number },
): Promise<Answers> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(folder)) {
    const file = join(folder, entry);
    const found = await stat(file).catch(() => undefined); // another bridge removes what is old, too
    if (found && !entry.endsWith(PART) && found.mtimeMs < now() - seconds * 1000) await rm(file, { force: true });
  }
  const running = new Set<string>();

  return {
    async begin(caller, key, request) {
      const id = createHash("sha256")
        .update(JSON.stringify([caller, key]))
        .digest("hex");
      const file = join(folder, id);
      const part = join(folder, `${mark}${id}`);
      if (running.has(id)) throw alreadyRunning();
      running.add(id);
      const claim = await claimOf(id);
      const release = async () => {
        if (!running.delete(id)) return;
        await claim.give();
      };
      const kept = await readKept(`${file}.json`);
      if (kept) {
        await release();
        const differs = differing(kept.request, request);
        if (differs.length > 0) throw new KeyReused(differs);
        const { run, type, receipt } = kept;
        const { size } = await stat(`${file}.body`);
        return {
          ...{ kind: "replay", run, type, receipt, length: size },
          open(body) {
            if (body !== kept.body) throw new KeyReused(["body"]);
            return createReadStream(`${file}.body`);
          },
        };
      }
      const stream = createWriteStream(`${part}.body${PART}`, { mode: 0o600 });
      let failed: Error | undefined;
      stream.on("error", (error) => {
        failed = error;
      });
      return {
        kind: "first",
        write: (bytes) => void stream.write(bytes),
        async keep(answer) {
          try {
            stream.end();
            await finished(stream);
            if (failed) throw failed;
            // The body is on disk before the file that vouches for it: half an answer must never be given again as the whole.
            await syncPath(`${part}.body${PART}`);
            await rename(`${part}.body${PART}`, `${file}.body`);
            await writeFile(`${part}.json${PART}`, JSON.stringify({ ...answer, request }), { mode: 0o600, flush: true });
            await syncPath(folder);
            await rename(`${part}.json${PART}`, `${file}.json`);
            await syncPath(folder);
          } finally {
            await release();
          }
        },
        abandon() {
          stream.destroy();
          void rm(`${part}.body${PART}`, { force: true }).finally(release);
        },
      };
    },
  };

  async function claimOf(id: string): Promise<Claim> {
    const claim = await bridges.claim(`answer ${id}`).catch((error: unknown) => {
      running.delete(id);
      throw error;
    });
    if (claim) return claim;
    running.delete(id);
    throw alreadyRunning();
  }
}

/** Undefined: none is kept, or an earlier release kept it and nobody can tell what it answered. */
async function readKept(file: string): Promise<Kept | undefined> {
  const json = await readFile(file, "utf8").catch(() => undefined);
  return json === undefined ? undefined : Kept.safeParse(JSON.parse(json)).data;
}

/** An earlier release kept fewer parts: nobody can tell whether the others differ. */
function differing(kept: RequestParts, asked: RequestParts): string[] {
  return Object.keys(kept).filter((part) => kept[part] !== asked[part]);
}

function alreadyRunning(): Conflict {
  return new Conflict("A call with this Idempotency-Key is running.", "Wait for its answer, or use another key for another call.", 1);
}

/** Removes what calls that never ended began to write. */
export async function sweepAnswers(folder: string, isLeft: IsLeft): Promise<void> {
  for (const entry of await readdir(folder).catch(() => []))
    if (entry.endsWith(PART) && (await isLeft(entry))) await rm(join(folder, entry), { force: true });
}

import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Log } from "#contract/edges.ts";
import { Conflict, NotFound } from "#contract/errors.ts";

/** How often the file is looked at, in milliseconds: another bridge of this home, or a person, may have changed it. */
const LOOK_EVERY = 2_000;

const Kept = z.array(z.object({ name: z.string(), sha256: z.string().length(64), createdAt: z.iso.datetime() }));
type Kept = z.infer<typeof Kept>;

/** Further tokens, made while the bridge runs. The file holds digests: who reads it can call nothing. */
export interface KeptTokens extends Disposable {
  /** Whom a token stands for. */
  nameOf(token: string): string | undefined;
  /** Another object after each change. */
  state(): object;
  list(): { name: string; createdAt: string }[];
  /** Makes one and resolves with its text, which is kept nowhere. @throws Conflict when the name is taken */
  add(name: string): Promise<string>;
  /** Good for nothing from now on; other bridges of this home notice within two seconds. @throws NotFound */
  remove(name: string): Promise<void>;
}

/** @param reserved names that further tokens may not have @param now the time, ISO 8601 */
export async function openTokens(home: string, reserved: readonly string[], now: () => string, log: Log): Promise<KeptTokens> {
  const file = join(home, ".bridge", "tokens.json");
  let { kept, state } = await read();
  let last: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => void look(), LOOK_EVERY).unref();

  return {
    nameOf(token) {
      const digest = digestOf(token);
      let found: string | undefined;
      for (const each of kept) if (timingSafeEqual(Buffer.from(each.sha256, "hex"), digest)) found = each.name;
      return found;
    },
    state: () => kept,
    list: () => kept.map(({ name, createdAt }) => ({ name, createdAt })),
    add: (name) =>
      alone(async (all) => {
        if (reserved.includes(name) || all.some((each) => each.name === name)) {
          throw new Conflict(`There is a token named "${name}" already.`, "Choose another name, or remove that one first.");
        }
        const token = randomBytes(32).toString("base64url");
        await write([...all, { name, sha256: digestOf(token).toString("hex"), createdAt: now() }]);
        return token;
      }),
    remove: (name) =>
      alone(async (all) => {
        const left = all.filter((each) => each.name !== name);
        if (left.length === all.length) {
          throw new NotFound(
            "token that can be removed",
            name,
            all.map((each) => each.name),
          );
        }
        await write(left);
      }),
    [Symbol.dispose]: () => clearInterval(timer),
  };

  /** Changes come one after the other, each on what the file holds now. */
  function alone<T>(work: (all: Kept) => Promise<T>): Promise<T> {
    const turn = last.then(async () => {
      // What cannot be read is not written over.
      if ((await stateOf(file)) !== state) ({ kept, state } = await read());
      return work(kept);
    });
    last = turn.catch(() => undefined);
    return turn;
  }

  async function write(all: Kept): Promise<void> {
    const draft = `${file}.${randomBytes(6).toString("hex")}`;
    try {
      await writeFile(draft, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600, flag: "wx", flush: true });
      await rename(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
    ({ kept, state } = await read());
  }

  async function look(): Promise<void> {
    if ((await stateOf(file)) === state) return;
    try {
      ({ kept, state } = await read());
    } catch (error) {
      log.error({ err: error }, "the file of further tokens cannot be read; those that were known stay good");
    }
  }

  async function read(): Promise<{ kept: Kept; state: string }> {
    const state = await stateOf(file);
    if (state === "") return { state, kept: [] };
    try {
      return { state, kept: Kept.parse(JSON.parse(await readFile(file, "utf8"))) };
    } catch {
      throw new Conflict(`${file} holds no list of tokens.`, "Mend it, or delete it and make the tokens again with bridge tokens add.");
    }
  }
}

async function stateOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : "";
}

function digestOf(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

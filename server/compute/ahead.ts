import type { Manifest } from "#contract/manifest.ts";
import { holdsBack } from "#contract/problem.ts";
import { hashOf } from "../../notebook-exporter/canonical.ts";
import { contentOf } from "../../notebook-exporter/content.ts";
import type { Exported } from "../../notebook-exporter/export.ts";
import { readNotebook } from "../../notebook-exporter/notebook.ts";
import type { BegunVersion } from "../../notebook-exporter/write.ts";
import type { Running } from "./import.ts";

/** For so long after it was announced a save is expected, in milliseconds. */
const EXPECTED_MS = 5_000;

/** What was made of a notebook before its file was known to be whole. */
export interface Begun {
  readonly exported: Exported;
  /** Undefined: it does not go live, could not be written, or runs. */
  readonly version: BegunVersion | undefined;
  /** Undefined: it was not announced. */
  readonly running: Running | undefined;
}

export interface AheadParts {
  export(path: string, notebook: unknown): Promise<Exported>;
  write(exported: Exported & { manifest: object }): Promise<BegunVersion>;
  run(manifest: Manifest, version: BegunVersion): Promise<Running>;
  /** Ends what runs, and removes it, unless it went live by another way. */
  undo(manifest: Manifest, running: Running): Promise<void>;
}

interface Held {
  readonly notebook: unknown;
  /** All that its export depends on, where it was announced: what lies there then is another object. */
  readonly key: string | undefined;
  readonly made: Promise<Begun | undefined>;
}

/**
 * Exports that are made, and versions that are written, while a notebook's file must still lie quiet. Of them nothing is
 * run, and nobody sees their files; those of a torn reading are thrown away. One is made at a time, whatever is read: a
 * file that never lies quiet must not hold up the saves of others, which need the same check.
 *
 * Where somebody announced what he is about to write, that is whole: it is imported, too, before its file is there.
 */
export class Ahead {
  readonly #parts: AheadParts;
  readonly #held = new Map<string, Held>();
  readonly #dropping = new Set<Promise<void>>();
  #isMaking = false;
  #undoing = 0;
  #isClosed = false;

  constructor(parts: AheadParts) {
    this.#parts = parts;
  }

  /** A reading that may be torn. @returns whether it is what was announced, and so whole */
  begin(path: string, notebook: unknown): boolean {
    const held = this.#held.get(path);
    // Torn, or older than what was announced: that is not thrown away for it.
    if (held?.key !== undefined) return held.key === keyOf(notebook);
    this.#begin(path, notebook, undefined);
    return false;
  }

  /** Somebody is about to write this notebook. */
  announce(path: string, notebook: unknown): void {
    const key = keyOf(notebook);
    if (this.#held.get(path)?.key !== undefined) void this.drop(path);
    // What is undone may be a version of this very content, and nobody is to wait for that.
    if (key === undefined || this.#undoing > 0 || !this.#begin(path, notebook, key)) return;
    const held = this.#held.get(path);
    setTimeout(() => {
      if (this.#held.get(path) === held) void this.drop(path);
    }, EXPECTED_MS).unref();
  }

  /**
   * What was made of this very reading, or of the same notebook as it was announced; it is the caller's from now on.
   * Undefined: nothing, or what may have become old meanwhile, as it imports other algorithms.
   */
  async take(path: string, notebook: unknown): Promise<Begun | undefined> {
    const held = this.#held.get(path);
    if (!held || !isOf(held, notebook)) return undefined;
    this.#held.delete(path);
    return await held.made;
  }

  /** Nothing comes of the reading, if there was one; what was announced may come still. */
  async over(path: string, notebook: unknown): Promise<void> {
    const held = this.#held.get(path);
    if (held && (held.key === undefined || isOf(held, notebook))) await this.drop(path);
  }

  /** Throws away what was made and not taken. What cannot be removed is left to the next start. */
  drop(path: string): Promise<void> {
    const dropped = this.#drop(path).finally(() => this.#dropping.delete(dropped));
    this.#dropping.add(dropped);
    return dropped;
  }

  async #drop(path: string): Promise<void> {
    const held = this.#held.get(path);
    this.#held.delete(path);
    if (!held) return;
    if (held.key !== undefined) this.#undoing++;
    try {
      const made = await held.made;
      if (made?.running && made.exported.manifest) await this.#parts.undo(made.exported.manifest, made.running);
      else await made?.version?.discard();
    } catch {
      // Nobody waits for it.
    } finally {
      if (held.key !== undefined) this.#undoing--;
    }
  }

  /** Makes nothing more, and throws away what nobody took. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const path of [...this.#held.keys()]) void this.drop(path);
    await Promise.all(this.#dropping);
  }

  #begin(path: string, notebook: unknown, key: string | undefined): boolean {
    if (this.#isMaking || this.#isClosed) return false;
    this.#isMaking = true;
    void this.drop(path);
    const made = this.#make(path, notebook, key !== undefined)
      .catch(() => undefined)
      .finally(() => {
        this.#isMaking = false;
      });
    this.#held.set(path, { notebook, key, made });
    return true;
  }

  async #make(path: string, notebook: unknown, isWhole: boolean): Promise<Begun | undefined> {
    const exported = await this.#parts.export(path, notebook);
    const { manifest } = exported;
    if (!manifest || exported.needs.length > 0) return undefined;
    const version = holdsBack(exported.problems) ? undefined : await this.#parts.write(exported).catch(() => undefined);
    if (!version || !isWhole) return { exported, version, running: undefined };
    const running = await this.#parts.run(manifest, version).catch(() => undefined);
    return { exported, version: undefined, running };
  }
}

function isOf({ notebook, key }: Held, found: unknown): boolean {
  return notebook === found || (key !== undefined && key === keyOf(found));
}

/** Of a notebook that can be exported; cells may be called by their ids. */
function keyOf(notebook: unknown): string | undefined {
  try {
    const read = readNotebook(notebook);
    return "problem" in read ? undefined : hashOf([contentOf(notebook), read.notebook.cells.map(({ id }) => id ?? null)]);
  } catch {
    return undefined; // nested too deep
  }
}

import { holdsBack } from "#contract/problem.ts";
import type { Exported } from "../../notebook-exporter/export.ts";
import type { BegunVersion } from "../../notebook-exporter/write.ts";

/** What was made of a reading before it was known to be whole. */
export interface Begun {
  readonly exported: Exported;
  /** Undefined: it does not go live, or could not be written. */
  readonly version: BegunVersion | undefined;
}

/** An announced save that has not come so long after, in milliseconds, was refused, or came before the announcement was heard. */
const COMES_WITHIN_MS = 10_000;

/** What was made, of a reading or of a content that was announced. */
interface Kept {
  readonly of: { readonly notebook: unknown } | { readonly content: string };
  readonly made: Promise<Begun | undefined>;
  readonly timer: NodeJS.Timeout | undefined;
}

/**
 * Exports that are made, and versions that are written, while a notebook's file must still lie quiet, or an editor writes it that
 * announced what it writes. Of them nothing is run, and nobody sees their files; those of a torn reading are thrown away. One is
 * made at a time, whatever is read: a file that never lies quiet must not hold up the saves of others, which need the same check.
 */
export class Ahead {
  readonly #export: (path: string, notebook: unknown) => Promise<Exported>;
  readonly #write: (exported: Exported & { manifest: object }) => Promise<BegunVersion>;
  readonly #begun = new Map<string, Kept>();
  /** Notebooks whose last export imported other algorithms, so that it is made when they are saved. */
  readonly #needing = new Set<string>();
  #isMaking = false;
  #isClosed = false;

  constructor(
    exporting: (path: string, notebook: unknown) => Promise<Exported>,
    write: (exported: Exported & { manifest: object }) => Promise<BegunVersion>,
  ) {
    this.#export = exporting;
    this.#write = write;
  }

  /** Of a reading. What was announced is kept instead: it is whole, and a reading may be torn. */
  begin(path: string, notebook: unknown): void {
    if (!this.#isAnnounced(path)) this.#begin(path, notebook, { notebook });
  }

  /** A reading came to nothing. What was announced may still be on its way. */
  forget(path: string): void {
    if (!this.#isAnnounced(path)) void this.drop(path);
  }

  /** Of a notebook that is about to be written. @param content the hash of it (contentOf) */
  announced(path: string, notebook: unknown, content: string): void {
    if (!this.#needing.has(path)) this.#begin(path, notebook, { content });
  }

  /**
   * What was made of this very reading, or of its content, which is the caller's from now on. Undefined: nothing, or what may have
   * become old meanwhile, as it imports other algorithms.
   */
  async take(path: string, { notebook, content }: { readonly notebook: unknown; readonly content: string }): Promise<Begun | undefined> {
    const kept = this.#begun.get(path);
    const isIt = kept && ("content" in kept.of ? kept.of.content === content : kept.of.notebook === notebook);
    return isIt ? await this.#remove(path)?.made : undefined;
  }

  /** A save of this content has been decided: what was made for it and not taken is thrown away. The next one may be announced already. */
  async decided(path: string, content: string): Promise<void> {
    const kept = this.#begun.get(path);
    if (kept && !("content" in kept.of && kept.of.content !== content)) await this.drop(path);
  }

  /** Throws away what was made and not taken. What cannot be removed is left to the next start. */
  async drop(path: string): Promise<void> {
    await (await this.#remove(path)?.made)?.version?.discard().catch(() => {});
  }

  /** Makes nothing more, and throws away what nobody took. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#begun.keys()].map((path) => this.drop(path)));
  }

  #isAnnounced(path: string): boolean {
    const of = this.#begun.get(path)?.of;
    return of !== undefined && "content" in of;
  }

  #begin(path: string, notebook: unknown, of: Kept["of"]): void {
    if (this.#isMaking || this.#isClosed) return;
    this.#isMaking = true;
    void this.drop(path);
    const made = this.#make(path, notebook)
      .catch(() => undefined)
      .finally(() => {
        this.#isMaking = false;
      });
    const timer = "content" in of ? setTimeout(() => void this.drop(path), COMES_WITHIN_MS).unref() : undefined;
    this.#begun.set(path, { of, made, timer });
  }

  #remove(path: string): Kept | undefined {
    const kept = this.#begun.get(path);
    this.#begun.delete(path);
    clearTimeout(kept?.timer);
    return kept;
  }

  async #make(path: string, notebook: unknown): Promise<Begun | undefined> {
    const exported = await this.#export(path, notebook);
    if (!exported.manifest) return undefined;
    const isNeeding = exported.needs.length > 0;
    this.#needing[isNeeding ? "add" : "delete"](path);
    if (isNeeding) return undefined;
    const version = holdsBack(exported.problems) ? undefined : await this.#write(exported).catch(() => undefined);
    return { exported, version };
  }
}

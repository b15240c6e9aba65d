import { holdsBack } from "#contract/problem.ts";
import type { Exported } from "../../notebook-exporter/export.ts";
import type { BegunVersion } from "../../notebook-exporter/write.ts";

/** What was made of a reading before it was known to be whole. */
export interface Begun {
  readonly exported: Exported;
  /** Undefined: it does not go live, or could not be written. */
  readonly version: BegunVersion | undefined;
}

/** What was announced and has not come so long after, in milliseconds, could not be saved, or was saved before. */
const COMES_WITHIN_MS = 10_000;

/** What was made, and of which reading, or of which content that was announced. */
interface Kept {
  readonly of: unknown;
  readonly isAnnounced: boolean;
  readonly made: Promise<Begun | undefined>;
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
  #isMaking = false;
  #isClosed = false;

  constructor(
    exporting: (path: string, notebook: unknown) => Promise<Exported>,
    write: (exported: Exported & { manifest: object }) => Promise<BegunVersion>,
  ) {
    this.#export = exporting;
    this.#write = write;
  }

  /** Of a reading, unless what is being written is known: it may be torn. */
  begin(path: string, notebook: unknown): void {
    if (!this.#begun.get(path)?.isAnnounced) this.#begin(path, notebook, { of: notebook, isAnnounced: false });
  }

  /** A reading came to nothing. What was announced may still be on its way. */
  forget(path: string): void {
    if (!this.#begun.get(path)?.isAnnounced) void this.drop(path);
  }

  /** Of a notebook that is about to be written. @param content the hash of it (contentOf) */
  announced(path: string, notebook: unknown, content: string): void {
    this.#begin(path, notebook, { of: content, isAnnounced: true });
  }

  /**
   * What was made of this very reading, or of its content, which is the caller's from now on. Undefined: nothing, or what may have
   * become old meanwhile, as it imports other algorithms.
   */
  async take(path: string, { notebook, content }: { readonly notebook: unknown; readonly content: string }): Promise<Begun | undefined> {
    const begun = this.#begun.get(path);
    if (!begun || begun.of !== (begun.isAnnounced ? content : notebook)) return undefined;
    this.#begun.delete(path);
    return await begun.made;
  }

  /** Throws away what was made and not taken. What cannot be removed is left to the next start. */
  async drop(path: string): Promise<void> {
    const begun = this.#begun.get(path);
    this.#begun.delete(path);
    await (await begun?.made)?.version?.discard().catch(() => {});
  }

  /** Makes nothing more, and throws away what nobody took. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#begun.keys()].map((path) => this.drop(path)));
  }

  #begin(path: string, notebook: unknown, what: Pick<Kept, "of" | "isAnnounced">): void {
    if (this.#isMaking || this.#isClosed) return;
    this.#isMaking = true;
    void this.drop(path);
    const made = this.#make(path, notebook)
      .catch(() => undefined)
      .finally(() => {
        this.#isMaking = false;
      });
    const kept: Kept = { ...what, made };
    this.#begun.set(path, kept);
    if (!what.isAnnounced) return;
    setTimeout(() => {
      if (this.#begun.get(path) === kept) void this.drop(path);
    }, COMES_WITHIN_MS).unref();
  }

  async #make(path: string, notebook: unknown): Promise<Begun | undefined> {
    const exported = await this.#export(path, notebook);
    if (!exported.manifest || exported.needs.length > 0) return undefined;
    const version = holdsBack(exported.problems) ? undefined : await this.#write(exported).catch(() => undefined);
    return { exported, version };
  }
}

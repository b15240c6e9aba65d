import { holdsBack } from "#contract/problem.ts";
import type { Exported } from "../../notebook-exporter/export.ts";
import type { BegunVersion } from "../../notebook-exporter/write.ts";

/** What was made of a reading before it was known to be whole. */
export interface Begun {
  readonly exported: Exported;
  /** Undefined: it does not go live, or could not be written. */
  readonly version: BegunVersion | undefined;
}

/**
 * Exports that are made, and versions that are written, while a notebook's file must still lie quiet. Of them nothing is
 * run, and nobody sees their files; those of a torn reading are thrown away. One is made at a time, whatever is read: a
 * file that never lies quiet must not hold up the saves of others, which need the same check.
 */
export class Ahead {
  readonly #export: (path: string, notebook: unknown) => Promise<Exported>;
  readonly #write: (exported: Exported & { manifest: object }) => Promise<BegunVersion>;
  readonly #begun = new Map<string, { readonly notebook: unknown; readonly made: Promise<Begun | undefined> }>();
  #isMaking = false;
  #isClosed = false;

  constructor(
    exporting: (path: string, notebook: unknown) => Promise<Exported>,
    write: (exported: Exported & { manifest: object }) => Promise<BegunVersion>,
  ) {
    this.#export = exporting;
    this.#write = write;
  }

  begin(path: string, notebook: unknown): void {
    if (this.#isMaking || this.#isClosed) return;
    this.#isMaking = true;
    void this.drop(path);
    const made = this.#make(path, notebook)
      .catch(() => undefined)
      .finally(() => {
        this.#isMaking = false;
      });
    this.#begun.set(path, { notebook, made });
  }

  /**
   * What was made of this very reading, which is the caller's from now on. Undefined: nothing, or what may have become old
   * meanwhile, as it imports other algorithms.
   */
  async take(path: string, notebook: unknown): Promise<Begun | undefined> {
    const begun = this.#begun.get(path);
    if (begun?.notebook !== notebook) return undefined;
    this.#begun.delete(path);
    return await begun?.made;
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

  async #make(path: string, notebook: unknown): Promise<Begun | undefined> {
    const exported = await this.#export(path, notebook);
    if (!exported.manifest || exported.needs.length > 0) return undefined;
    const version = holdsBack(exported.problems) ? undefined : await this.#write(exported).catch(() => undefined);
    return { exported, version };
  }
}

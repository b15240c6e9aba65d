import type { Algorithm } from "#contract/algorithm.ts";
import { nameKey } from "#contract/names.ts";
import type { Exported } from "../../notebook-exporter/export.ts";
import type { Dependents } from "./dependents.ts";

/** An algorithm by what it is made of: a notebook, or (null) a module. */
type Made = Pick<Algorithm, "name" | "notebook">;

interface Parts {
  readonly dependents: Dependents;
  /** Has a notebook told again, in its turn. */
  readonly retell: (path: string) => void;
  /** Has the module of a name told again, in its turn. */
  readonly retellModule: (name: string) => void;
}

/** Has algorithms published again that were not saved, because what they import was. */
export class Republish {
  readonly #parts: Parts;
  /** Names whose version is out of date although their notebook or module is not. */
  readonly #stale = new Set<string>();
  /** Names of which something else is live than those that import them were told of. */
  readonly #changed = new Map<string, object>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Another version of a name is live, or can be imported as it could not be a moment ago. */
  changed(name: string): void {
    this.#changed.set(nameKey(name), {});
  }

  /**
   * After the turn of a name: what imports it is published again if it has changed. When this fails, the next call tries it again.
   *
   * @param heard where the name's content comes from, and what that is: of several bridges another one may have published it
   */
  async importers(name: string, heard?: { readonly source: string; readonly content: string }): Promise<void> {
    const { dependents } = this.#parts;
    if (heard && dependents.wasElsewhere(heard.source, heard.content)) this.changed(name);
    const change = this.#changed.get(nameKey(name));
    if (!change) return;
    // They recorded its old text, or miss it.
    for (const other of await dependents.of(name)) if (!(await dependents.isUpToDate(other))) this.again(other);
    if (this.#changed.get(nameKey(name)) === change) this.#changed.delete(nameKey(name));
  }

  /** In its own turn: published from another's, it could put an older text over a save of its own, and the other would wait for it. */
  again({ name, notebook }: Made): void {
    this.#stale.add(nameKey(name));
    if (notebook === null) this.#parts.retellModule(name);
    else this.#parts.retell(notebook);
  }

  /** A save of what an export imports may have come while it was made: then it is published again. @param anew makes it again */
  async ifImportsAreOlder(source: Made, exported: Exported, anew: () => Promise<Exported>): Promise<void> {
    if (await this.#parts.dependents.isOld(exported, anew)) this.again(source);
  }

  /** Whether what is known is to be published again although it was not saved: what it imports was, perhaps before a restart. */
  async isStale(name: string, known: Algorithm | undefined): Promise<boolean> {
    const { dependents } = this.#parts;
    const isTold = this.#stale.delete(nameKey(name)) && !(await dependents.isUpToDate(known));
    return isTold || (known !== undefined && known.state !== "failing" && (await dependents.isBehind(known)));
  }
}

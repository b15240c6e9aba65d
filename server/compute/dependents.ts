import type { Algorithm } from "#contract/algorithm.ts";
import type { Manifest } from "#contract/manifest.ts";
import { nameKey } from "#contract/names.ts";
import type { Problem } from "#contract/problem.ts";
import type { Exported } from "../../notebook-exporter/export.ts";
import type { Store } from "../store/store.ts";
import type { LiveVersions } from "./live-versions.ts";

/** Which algorithms import another, and whether their versions hold its last text. */
export class Dependents {
  readonly #store: Pick<Store, "algorithms" | "bridges">;
  readonly #versions: LiveVersions;
  /** What the last saves import that do not run, by name: the reason may lie there. */
  readonly #failing = new Map<string, readonly string[]>();
  /** Of several bridges: the contents that this one was told of last. */
  readonly #heard = new Map<string, string>();

  constructor(store: Pick<Store, "algorithms" | "bridges">, versions: LiveVersions) {
    this.#store = store;
    this.#versions = versions;
  }

  /** The last save of this name does not run; undefined: nothing is known of what it imports. */
  fails(name: string, manifest: Manifest | undefined): void {
    this.#failing.set(nameKey(name), Object.keys(manifest?.siblings ?? {}));
  }

  runs(name: string): void {
    this.#failing.delete(nameKey(name));
  }

  /** Those to publish again because `name` was. */
  async of(name: string): Promise<Algorithm[]> {
    const found: Algorithm[] = [];
    for (const other of await this.#store.algorithms.list()) {
      if (other.state !== "missing" && nameKey(other.name) !== nameKey(name) && (await this.#isOne(other, name))) found.push(other);
    }
    return found;
  }

  /**
   * Whether a content is another than was told before for `source`: of several bridges another one may have published it, and be
   * gone, or not be done, before its dependents are. Never with one bridge.
   */
  wasElsewhere(source: string, content: string): boolean {
    const before = this.#heard.get(source);
    if (this.#store.bridges.own !== null) this.#heard.set(source, content);
    return before !== undefined && before !== content;
  }

  /** Whether another bridge has published it again already. Never with one bridge. */
  async isUpToDate(known: Algorithm | undefined): Promise<boolean> {
    if (this.#store.bridges.own === null || !known?.live || known.state === "failing") return false;
    return !(await this.isBehind(known));
  }

  /**
   * Whether the live version of what has one may lack a save of what it imports: a bridge that ended before it published it again
   * left it so.
   */
  async isBehind(known: Algorithm): Promise<boolean> {
    return misses(known.problems) || (await this.#holdsOld((await this.#versions.find(known))?.manifest));
  }

  /** Whether a save of what an export imports came between it and now, and was not seen to concern it. @param anew makes it again */
  async isOld({ manifest, problems }: Exported, anew: () => Promise<Exported>): Promise<boolean> {
    if (!misses(problems) && !(await this.#holdsOld(manifest))) return false;
    return (await anew()).manifest?.version !== manifest?.version;
  }

  async #holdsOld(manifest: Manifest | undefined): Promise<boolean> {
    for (const [sibling, version] of Object.entries(manifest?.siblings ?? {})) {
      const live = (await this.#store.algorithms.find(sibling))?.live ?? null;
      if (live !== null && live !== version) return true;
    }
    return false;
  }

  async #isOne(algorithm: Algorithm, on: string): Promise<boolean> {
    const isIt = (each: string) => nameKey(each) === nameKey(on);
    if (misses(algorithm.problems) || this.#failing.get(nameKey(algorithm.name))?.some(isIt)) return true;
    return (await this.#versions.find(algorithm))?.imports.some(isIt) === true;
  }
}

function misses(problems: readonly Problem[]): boolean {
  return problems.some((each) => each.code === "missing-sibling");
}

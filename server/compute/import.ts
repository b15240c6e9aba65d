import type { Manifest } from "#contract/manifest.ts";
import type { Problem } from "#contract/problem.ts";
import type { BegunVersion, PlacedVersion } from "../../notebook-exporter/write.ts";
import type { Pool } from "../workers/pool.ts";
import { importProblems } from "./import-problems.ts";
import type { Starts } from "./starts.ts";
import { Superseded, supersededSignal } from "./superseded.ts";

/** A version that has its place, and whose import runs. */
export interface Running extends PlacedVersion {
  readonly import: Import;
}

/** Gives a version its place, and begins its import. */
export async function run(pool: Pick<Pool, "check">, starts: Starts, manifest: Manifest, version: BegunVersion): Promise<Running> {
  const placed = await version.place();
  return { ...placed, import: new Import(pool, starts, manifest) };
}

/** The import of a new version, in a worker that stays for its calls. */
export class Import {
  readonly #abort = new AbortController();
  readonly #found: Promise<Problem[]>;

  constructor(pool: Pick<Pool, "check">, starts: Starts, manifest: Manifest) {
    this.#found = importProblems(pool, starts, manifest, this.#abort.signal);
    this.#found.catch(() => {}); // asked later, or never
  }

  /** What it says; undefined, and it ends, when a newer save replaced it meanwhile. */
  async problems(isCurrent: () => Promise<boolean>): Promise<Problem[] | undefined> {
    using superseded = supersededSignal(isCurrent);
    superseded.signal.addEventListener("abort", () => this.#abort.abort(superseded.signal.reason), { once: true });
    try {
      return await this.#found;
    } catch (error) {
      if (error instanceof Superseded) return undefined;
      throw error;
    }
  }

  /** Resolves when it is over. */
  async end(): Promise<void> {
    this.#abort.abort(new Superseded());
    await this.#found.catch(() => {});
  }
}

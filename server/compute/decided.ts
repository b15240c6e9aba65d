import { isDeepStrictEqual } from "node:util";
import type { Algorithm } from "#contract/algorithm.ts";
import type { Store } from "../store/store.ts";
import { findAlgorithm } from "./find-algorithm.ts";
import type { Live, LiveVersions } from "./live-versions.ts";
import type { Source } from "./publish-modules.ts";
import type { Publisher } from "./publisher.ts";

/** An algorithm as the store has it, its live version, and what that imports. */
interface Seen {
  readonly algorithm: Algorithm | undefined;
  readonly live: Live | undefined;
  readonly siblings: readonly (Algorithm | Source)[];
}

/** An algorithm after its last save, and those of what it imports. */
export interface Decided extends Seen {
  /** false: one of these saves is still being checked; what was live before is. */
  readonly isDecided: boolean;
}

const NONE: readonly never[] = [];
const UNKNOWN: Seen = { algorithm: undefined, live: undefined, siblings: NONE };

/** What was waited for may import others than the version before; their saves are waited for as well, and no further ones. */
const MOST_ROUNDS = 2;

/**
 * Finds algorithms, each as its last save left it: the call after a save runs what was saved.
 *
 * @param settled resolves when the last save of an algorithm's notebook has been decided (Publisher.settled)
 */
export function decidedWith({ algorithms }: Pick<Store, "algorithms">, versions: LiveVersions, settled: Publisher["settled"]) {
  /** @param name name or title @throws BadCall for an ambiguous title; NotFound for a live version that was deleted */
  return async (name: string): Promise<Decided> => {
    let seen = await withLive(await findAlgorithm(algorithms, name));
    for (let round = 1; ; round++) {
      const { algorithm, live, siblings } = seen;
      const settling = algorithm
        ? settled(algorithm.name, { notebook: algorithm.notebook, isLive: algorithm.live !== null, siblings })
        : settled(name, { notebook: null, isLive: false }); // its first save may be a moment old
      const isDecided = settling === true || (await settling);
      // Even if nothing was waited for: it may have become true while the store answered.
      const now = await (algorithm ? algorithms.find(algorithm.name) : findAlgorithm(algorithms, name));
      if (settling === true && isSame(now, algorithm)) return { ...seen, isDecided };
      seen = await withLive(now);
      if (!isDecided || round === MOST_ROUNDS || isAmong(seen.live, live)) return { ...seen, isDecided };
    }
  };

  async function withLive(algorithm: Algorithm | undefined): Promise<Seen> {
    if (!algorithm) return UNKNOWN;
    const live = versions.known(algorithm) ?? (await versions.of(algorithm));
    const siblings = live && live.imports.length > 0 ? await siblingsOf(live) : NONE;
    return { algorithm, live, siblings };
  }

  /** Those that are not known any more are looked for as modules. */
  function siblingsOf({ imports }: Live): Promise<(Algorithm | Source)[]> {
    return Promise.all(imports.map(async (name) => (await algorithms.find(name)) ?? { name, notebook: null }));
  }
}

/** Stores that keep nothing in memory give another object each time. */
function isSame(now: Algorithm | undefined, before: Algorithm | undefined): boolean {
  return now === before || isDeepStrictEqual(now, before);
}

/** Whether a version imports nothing that another did not. */
function isAmong(live: Live | undefined, before: Live | undefined): boolean {
  return live === undefined || live.imports.every((each) => before?.imports.includes(each));
}

import type { Algorithm } from "#contract/algorithm.ts";
import { DiskFull } from "#contract/errors.ts";
import { nameKey } from "#contract/names.ts";
import type { Problem } from "#contract/problem.ts";
import type { AlgorithmsReader } from "../store/store.ts";
import { unnamed } from "./unnamed.ts";

/** Why a save could not be taken in, for a reason that is not the notebook's. It is tried again by itself. */
export function notTaken(error: unknown): Problem {
  const full = DiskFull.from(error);
  const why = error instanceof Error ? error.message : String(error);
  return full
    ? {
        severity: "error",
        code: "disk-full",
        message: `The save could not be taken in: ${full.message}`,
        hint: `${full.hint} It goes live by itself then.`,
      }
    : {
        severity: "error",
        code: "not-taken",
        message: `The save could not be taken in: ${why}`,
        hint: "It is tried again by itself; if it stays, read the bridge's log.",
      };
}

/** Problems that could not be written to the store, as on a full disk: kept in memory and shown over what it says. */
export class StandingProblems {
  readonly #byKey = new Map<string, { name: string; notebook: string; problem: Problem }>();

  set(name: string, notebook: string, problem: Problem): void {
    this.#byKey.set(nameKey(name), { name, notebook, problem });
  }

  delete(name: string): void {
    this.#byKey.delete(nameKey(name));
  }

  over(reader: AlgorithmsReader): AlgorithmsReader {
    return {
      findByTitle: (title) => reader.findByTitle(title),
      find: (name) => {
        const standing = this.#byKey.size === 0 ? undefined : this.#byKey.get(nameKey(name));
        const finding = reader.find(name);
        return standing ? finding.then((found) => shown(standing, found)) : finding;
      },
      list: async () => {
        const all = new Map((await reader.list()).map((each) => [nameKey(each.name), each]));
        for (const [key, standing] of this.#byKey) all.set(key, shown(standing, all.get(key)));
        return [...all.values()].toSorted((a, b) => (nameKey(a.name) < nameKey(b.name) ? -1 : 1));
      },
      page: async (wanted) => {
        const { items, next } = await reader.page(wanted);
        const known = items.map((each) => {
          const standing = this.#byKey.get(nameKey(each.name));
          return standing ? shown(standing, each) : each;
        });
        if (next !== null) return { items: known, next };
        // Those that the store knows nothing of stand on the last page, which may be longer for them.
        const unknown: Algorithm[] = [];
        for (const standing of this.#byKey.values()) if (!(await reader.find(standing.name))) unknown.push(shown(standing, undefined));
        return { items: [...known, ...unknown], next };
      },
    };
  }
}

function shown({ name, notebook, problem }: { name: string; notebook: string; problem: Problem }, known: Algorithm | undefined): Algorithm {
  return { ...(known ?? neverLive(name)), notebook, state: "failing", problems: [problem] };
}

/** An algorithm of which nothing was ever published. */
function neverLive(name: string): Algorithm {
  return {
    ...unnamed(name),
    notebook: null,
    state: "failing",
    live: null,
    problems: [],
    content: "",
    exportedAt: new Date(0).toISOString(),
  };
}

import type { Clock, Log } from "#contract/edges.ts";
import type { Told } from "./problem.ts";
import { isDltkToken } from "./tokens.ts";

/** Wrong tokens fill no log: after one line the next comes so many milliseconds later, with their number. */
const TOLD_EVERY = 60_000;
/** Whom the token stands for, in records. */
const CALLER = "dltk";

/** The token in the addresses of DLTK's clients. */
export interface PathTokens {
  /** Who may use an address with this token; undefined: nobody. */
  callerOf(token: string | undefined): Promise<string | undefined>;
  /** The same whether the addresses are turned on or not: who guesses learns nothing. */
  readonly refusal: Told;
}

export interface PathTokensParts {
  readonly home: string;
  readonly onRefused: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export function pathTokens({ home, onRefused, clock, log }: PathTokensParts): PathTokens {
  let refused = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    async callerOf(token) {
      if (token !== undefined && (await isDltkToken(home, token))) return CALLER;
      onRefused();
      refused++;
      if (clock.ticks() - toldAt >= TOLD_EVERY) {
        log.warn({ refused }, "requests to addresses of DLTK were refused: the token in their path is wrong, or these addresses are off");
        refused = 0;
        toldAt = clock.ticks();
      }
      return undefined;
    },
    refusal: {
      code: "NOT_FOUND",
      title: "Not found",
      status: 404,
      message: "There is no deployment at this address: the token in its path is wrong, or DLTK's addresses are off.",
      hint: "Enter the address that `bridge token --dltk` prints on the bridge's machine, up to its last slash.",
      details: {},
      retryAfter: undefined,
    },
  };
}

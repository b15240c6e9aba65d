import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "#contract/edges.ts";

const SESSION_SECONDS = 12 * 3600;
const CODE_SECONDS = 10 * 60;
const MOST_SESSIONS = 1000;
const MOST_CODES = 100;
/** Ids are base64url: nothing in them needs to be quoted or escaped. */
const COOKIE = "bridge_session";
const cookiePattern = new RegExp(`(?:^|;) *${COOKIE}=([\\w-]+) *(?:;|$)`);
/** How a browser that signed in with a code is named in records. */
const BROWSER = "browser";

/**
 * Browsers that have signed in. A one-time code, printed where only the owner sees it, is exchanged for a cookie that
 * scripts cannot read. Kept in memory alone: a restart signs everybody out.
 */
export class Sessions {
  readonly #callers: LRUCache<string, string>;
  readonly #codes: LRUCache<string, true>;

  constructor(clock: Clock) {
    const own = { perf: { now: () => clock.ticks() }, ttlResolution: 0 };
    this.#callers = new LRUCache({ max: MOST_SESSIONS, ttl: SESSION_SECONDS * 1000, ...own });
    this.#codes = new LRUCache({ max: MOST_CODES, ttl: CODE_SECONDS * 1000, ...own });
  }

  /** A new code: good for one sign-in within ten minutes. */
  issue(): string {
    const code = randomBytes(24).toString("base64url");
    this.#codes.set(code, true);
    return code;
  }

  /** The `Set-Cookie` of a new session; undefined when the code is unknown, used or too old. */
  exchange(code: string): string | undefined {
    if (!this.#codes.get(code)) return undefined;
    this.#codes.delete(code);
    const id = randomBytes(32).toString("base64url");
    this.#callers.set(id, BROWSER);
    return `${COOKIE}=${id}; Path=/; Max-Age=${SESSION_SECONDS}; HttpOnly; SameSite=Strict`;
  }

  /** Who sent this `Cookie` header; undefined: nobody who is signed in. */
  callerOf(header: string | undefined): string | undefined {
    const id = cookiePattern.exec(header ?? "")?.[1];
    return id === undefined ? undefined : this.#callers.get(id);
  }
}

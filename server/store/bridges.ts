import type { Session } from "./database.ts";
import type { Living } from "./living.ts";
import type { Bridges } from "./store.ts";

/** A notice may be lost, and who dies sends none: those who wait look so often. */
const LOOK_MS = 250;

/** A bridge that has its store for itself: it need not agree with anybody. */
export function noOtherBridges(): Bridges {
  const inTurn = oneByOne();
  return {
    own: null,
    exclusively: inTurn,
    claim: async () => ({ give: async () => {} }),
    holder: async () => undefined,
    isGone: async () => true,
    onGone: () => () => {},
  };
}

/** @param own this bridge's number */
export function bridgesOn(session: Session, living: Living, own: number): Bridges {
  const inTurn = oneByOne();
  const claim: Bridges["claim"] = async (name) => ((await session.take(name)) ? { give: () => session.give(name) } : undefined);
  return {
    own,
    exclusively: (name, work) =>
      inTurn(name, async () => {
        const notice = noticeOf(session);
        try {
          while (!(await session.take(name))) await notice.next();
        } finally {
          notice.end();
        }
        try {
          return await work();
        } finally {
          await session.give(name);
        }
      }),
    claim,
    holder: (name) => session.holder(name),
    isGone: (bridge) => living.isGone(bridge),
    onGone: (listener) => living.onGone(listener),
  };
}

/** Work under one name, one after the other. */
function oneByOne(): Bridges["exclusively"] {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const own = (last.get(name) ?? Promise.resolve()).then(work);
    const done = own
      .catch(() => {})
      .then(() => {
        if (last.get(name) === done) last.delete(name);
      });
    last.set(name, done);
    return own;
  };
}

/** `next` resolves at the next notice, one that came since it resolved last included, or after a while. */
function noticeOf(session: Session): { next(): Promise<void>; end(): void } {
  let noticed = Promise.withResolvers<void>();
  const leave = session.onNotice(() => noticed.resolve());
  return {
    async next() {
      const timer = setTimeout(noticed.resolve, LOOK_MS);
      await noticed.promise;
      clearTimeout(timer);
      noticed = Promise.withResolvers();
    },
    end: leave,
  };
}

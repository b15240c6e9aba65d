import type { Log } from "#contract/edges.ts";
import type { Event } from "#contract/event.ts";
import type { Session } from "./database.ts";
import type { Listeners } from "./events.ts";
import type { EventsReader } from "./store.ts";

const EVENTS_A_READ = 500;
/** Notices may be lost: it is looked so often without one. */
const LOOK_MS = 2000;

/** Begins with what is committed from now on. */
export async function follow(session: Session, events: EventsReader, listeners: Listeners, log: Log): Promise<Following> {
  return new Following(session, events, listeners, log, await events.last());
}

/** Tells listeners the events of all bridges that share the store, in the order of their numbers, each once. */
export class Following {
  readonly #events: Pick<EventsReader, "after">;
  readonly #listeners: Listeners;
  readonly #log: Log;
  #last: number;
  #isReading = false;
  #isBehind = false;
  readonly #end: () => void;

  /** @param last the number of the newest event that nobody needs to be told */
  constructor(session: Pick<Session, "onNotice">, events: Pick<EventsReader, "after">, listeners: Listeners, log: Log, last: number) {
    this.#events = events;
    this.#listeners = listeners;
    this.#log = log;
    this.#last = last;
    const leave = session.onNotice(() => this.look());
    const timer = setInterval(() => this.look(), LOOK_MS).unref();
    this.#end = () => {
      leave();
      clearInterval(timer);
    };
  }

  close(): void {
    this.#end();
  }

  /** This bridge committed these. They need not be read when no other bridge's came before them. */
  committed(events: readonly Event[]): void {
    if (events.length === 0) return;
    if (events[0]?.number === this.#last + 1) this.#tell(events);
    else this.look();
  }

  /** There may be new ones. */
  look(): void {
    this.#isBehind = true;
    if (!this.#isReading) void this.#read();
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#isBehind) {
        this.#isBehind = false;
        const events = await this.#events.after(this.#last, EVENTS_A_READ);
        this.#isBehind ||= events.length === EVENTS_A_READ;
        this.#tell(events);
      }
    } catch (error) {
      // The session looks again when it is back.
      this.#log.warn({ err: error }, "events of the store could not be read; it is tried again");
    }
    this.#isReading = false;
  }

  #tell(events: readonly Event[]): void {
    // Some may have been told while they were being read.
    const fresh = events.filter(({ number }) => number > this.#last);
    this.#last = fresh.at(-1)?.number ?? this.#last;
    this.#listeners.publish(fresh);
  }
}

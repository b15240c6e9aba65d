import type { Clock, Log } from "#contract/edges.ts";
import { Event } from "#contract/event.ts";
import { DEFAULT_PROJECT } from "#contract/names.ts";
import { compiledInEach } from "./compiled.ts";
import type { Database, Db, Tx } from "./database.ts";
import { insertRows } from "./insert-rows.ts";
import type { EventsReader } from "./store.ts";

export type Fact = Pick<Event, "kind" | "subject" | "data">;
/** Adds facts to the transaction of the write that they tell of. Gives the number of the last one. */
export type Tell = (...facts: Fact[]) => Promise<number>;

const COUNTER = "events";
const DEFAULT_LIMIT = 500;

const insertEvents = insertRows<Database["events"]>(["number", "project", "kind", "subject", "at", "data"], (tx, rows) =>
  tx.insertInto("events").values(rows),
);

const count = compiledInEach(["facts"], (tx, { facts }) => {
  const value = facts as unknown as number;
  return tx
    .insertInto("counters")
    .values({ name: COUNTER, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet((row) => ({ value: row("counters.value", "+", value) })))
    .returning("value");
});

/** Those who hear of committed events. What a listener throws is its own matter: the log has it, the others go on. */
export class Listeners {
  readonly #log: Log;
  readonly #listeners = new Set<(event: Event) => void>();

  constructor(log: Log) {
    this.#log = log;
  }

  subscribe(listener: (event: Event) => void): () => void {
    const own = (event: Event) => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  publish(events: readonly Event[]): void {
    for (const event of events) {
      for (const listener of [...this.#listeners]) {
        try {
          listener(event);
        } catch (error) {
          this.#log.error({ error, event: event.number }, "a listener of events failed");
        }
      }
    }
  }
}

export function eventsReader(db: Db, listeners: Listeners): EventsReader {
  return {
    async after(number, limit = DEFAULT_LIMIT) {
      const rows = await db.selectFrom("events").selectAll().where("number", ">", number).orderBy("number").limit(limit).execute();
      return rows.map(toEvent);
    },
    async last() {
      const row = await db.selectFrom("counters").select("value").where("name", "=", COUNTER).executeTakeFirst();
      return row?.value ?? 0;
    },
    subscribe: (listener) => listeners.subscribe(listener),
  };
}

/**
 * Numbers come from a row of the database, not from a sequence: the row stays locked until the transaction ends, so
 * that nobody ever sees a number before the one below it, whatever the engine.
 */
export function eventsWriter(tx: Tx, clock: Clock): { tell: Tell; told: readonly Event[] } {
  const told: Event[] = [];
  return {
    told,
    async tell(...facts) {
      const [counted] = await count(tx, { facts: facts.length });
      if (!counted) throw new Error("the counter of events gave no number");
      const last = counted.value;
      const at = clock.now();
      const events = facts.map((fact, index) => ({ ...fact, number: last - facts.length + 1 + index, at }));
      await insertEvents(
        tx,
        events.map((event) => ({ ...event, project: DEFAULT_PROJECT, data: JSON.stringify(event.data) })),
      );
      told.push(...events);
      return last;
    },
  };
}

function toEvent({ data, ...row }: Database["events"]): Event {
  return Event.parse({ ...row, data: JSON.parse(data) });
}

import type { AlgorithmsReader, EventsReader, ModelsReader } from "./store.ts";

/** Beyond so many answers all are forgotten: callers choose the names that are asked for. */
const MOST = 10_000;

/** What every call asks for, without asking the database each time. */
export interface Remembered {
  readonly algorithms: AlgorithmsReader;
  readonly models: ModelsReader;
}

/**
 * Readers that remember what they found by name until anything but a run changes. Only for a store that nobody else
 * writes to: every write tells an event in its transaction, and those of this process are told before the write resolves.
 */
export function remembered(algorithms: AlgorithmsReader, models: ModelsReader, events: Pick<EventsReader, "subscribe">): Remembered {
  const found = { algorithms: new Answers(algorithms.find), models: new Answers(models.find) };
  events.subscribe(({ kind }) => {
    if (kind.startsWith("run.")) return;
    found.algorithms.forget();
    found.models.forget();
  });
  return {
    algorithms: { ...algorithms, find: (name) => found.algorithms.of(name) },
    models: { ...models, find: (...asked) => found.models.of(...asked) },
  };
}

class Answers<Asked extends readonly (string | undefined)[], Found> {
  readonly #ask: (...asked: Asked) => Promise<Found>;
  #answers = new Map<string, Promise<Found>>();

  constructor(ask: (...asked: Asked) => Promise<Found>) {
    this.#ask = ask;
  }

  of(...asked: Asked): Promise<Found> {
    const key = asked.length === 1 ? String(asked[0]) : JSON.stringify(asked);
    return this.#answers.get(key) ?? this.#keep(key, this.#ask(...asked));
  }

  /** Answers that are under way go to those who asked, and to nobody after them. */
  forget(): void {
    this.#answers = new Map();
  }

  #keep(key: string, answer: Promise<Found>): Promise<Found> {
    if (this.#answers.size >= MOST) this.forget();
    const answers = this.#answers.set(key, answer);
    answer.catch(() => answers.delete(key));
    return answer;
  }
}

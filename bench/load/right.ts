import type { Answered } from "./exchange.ts";
import type { Calls, Target } from "./job.ts";

/** Gathers what became of calls. */
export class Tally {
  readonly #ms: number[] = [];
  readonly #began = performance.now();
  #wrong = 0;
  #firstWrong: string | null = null;

  add({ ms }: Answered, isRight: boolean, said: string): void {
    this.#ms.push(ms);
    if (isRight) return;
    this.#wrong++;
    this.#firstWrong ??= said.slice(0, 300);
  }

  calls(): Calls {
    return { ms: this.#ms, wrong: this.#wrong, firstWrong: this.#firstWrong, totalMs: performance.now() - this.#began };
  }
}

/** Whether an answer has exactly these results. */
export function isRight({ status, body }: Answered, form: Target["form"], results: string): boolean {
  if (status !== 200) return false;
  const text = body.toString();
  return (form === "csv" ? text : resultsIn(text)) === results;
}

function resultsIn(json: string): unknown {
  try {
    return JSON.parse(json).results;
  } catch {
    return undefined;
  }
}

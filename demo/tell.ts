import type { Run } from "#contract/run.ts";

export interface Teller {
  /** Does one step and prints its number, what became of it and the milliseconds that it took. */
  step<T>(work: () => Promise<T>, said: (result: T) => string): Promise<T>;
  /** A line that belongs to the step before. */
  more(text: string): void;
}

export function teller(print: (line: string) => void): Teller {
  let number = 0;
  return {
    async step(work, said) {
      number++;
      const since = performance.now();
      const result = await work();
      const ms = Math.round(performance.now() - since);
      print(`${String(number).padStart(2)}  ${said(result).padEnd(72)} ${String(ms).padStart(6)} ms`);
      return result;
    },
    more: (text) => print(`    ${text}`),
  };
}

/** A receipt in one line. */
export function receiptLine({ id, receipt }: Run): string {
  if (!receipt) return `run ${id} has no receipt`;
  const { version, model, rows, seconds, device } = receipt;
  const ms = (value: number): string => `${Math.round(value * 1000)}`;
  const times = `queued ${ms(seconds.queued)}, loading ${ms(seconds.loading)}, computing ${ms(seconds.computing)} ms`;
  const what = [version && `version ${version}`, model && `model ${model.name}@${model.version ?? "-"}`].filter(Boolean).join(", ");
  return `receipt: ${what}; rows ${rows.received} received, ${rows.used} used, ${rows.returned} returned; ${times}; ${device}`;
}

/** Something that happened, and when: nanoseconds of the system's monotonic clock, which all processes share. */
export type Moment = readonly [name: string, at: number];

/** Moments of this process, noted without disturbing it. */
export class Moments {
  readonly all: Moment[] = [];

  note(name: string): void {
    this.all.push([name, Number(process.hrtime.bigint())]);
  }
}

/** The milestones of a call in their order, and what happens between one and the next. */
export const STEPS = [
  ["sent", "the kernel wakes the server, which reads the request's head"],
  ["request", "token, checks, the body, the algorithm, its model and its turn; the call is made"],
  ["call made", "it is written, and the kernel wakes the worker"],
  ["call received", "the call is read, and its row becomes a DataFrame"],
  ["rows read", "the results become CSV (the code itself gives back what it got)"],
  ["results written as CSV", "they are sent, and the kernel wakes the server"],
  ["results received", "they are read; the run's end, the receipt"],
  ["answer made", "headers and answer are written, and the kernel wakes the caller"],
] as const;
export const LAST = "answered";

/**
 * Microseconds of each step in each call that has all milestones in their order; moments that are none of them are passed over.
 *
 * @param moments of all processes
 */
export function stepsOf(moments: readonly Moment[]): number[][] {
  const names: readonly string[] = [...STEPS.map(([name]) => name), LAST];
  const calls: number[][] = [];
  let times: number[] = [];
  for (const [name, at] of moments.toSorted(([, a], [, b]) => a - b)) {
    if (name === names[0]) times = [];
    if (name !== names[times.length]) continue;
    times.push(at);
    if (times.length === names.length) calls.push(times.slice(1).map((time, index) => (time - (times[index] ?? time)) / 1000));
  }
  return calls;
}

/** Milliseconds. The defaults lost and tore nothing under every way of writing that was tried. */
export interface Timing {
  /** How long a file must stay as it was read: an in-place rewrite can be valid JSON, old and new mixed. */
  readonly quiet: number;
  /** When to look once more after all is done: notifications are merged, and the last one can be lost. */
  readonly recheck: number;
  /** How long a file that lies still may be no JSON before that is told. */
  readonly giveUp: number;
  /** How long a file may change and be no JSON before that is told: it is copied in slowly. */
  readonly growing: number;
  /** How long what cannot be read, or not be taken in, is left alone; doubled each time. */
  readonly retry: number;
}
export const timing: Timing = { quiet: 15, recheck: 60, giveUp: 5_000, growing: 30_000, retry: 1_000 };

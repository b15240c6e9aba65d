const started = performance.now();

/** One line a step, with the seconds since the set-up began. Goes to stderr: stdout belongs to what is set up for. */
export function say(text) {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`set-up ${seconds} s  ${text}\n`);
}

/** Ends the set-up with what happened and what to do next. */
export class SetupFailed extends Error {
  /** @param {string} what @param {string} hint */
  constructor(what, hint) {
    super(`${what}\n  ${hint}`);
  }
}

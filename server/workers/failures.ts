import { WorkerLost } from "#contract/errors.ts";
import type { WorkerError } from "#contract/worker.ts";

/** The worker answered with an error frame: what the call's rows or the notebook's code did. */
export class WorkerFailed extends Error {
  override readonly name = "WorkerFailed";
  readonly error: WorkerError;

  constructor(error: WorkerError) {
    super(`${error.phase}: ${error.type}: ${error.message}`);
    this.error = error;
  }
}

/** The worker was gone before it read anything and no row was taken from the caller: another worker may have the call. */
export class NeverReached extends WorkerLost {}

/** The call was sent ahead, and taken back before the worker began it: it waits for its turn again. */
export class TakenBack extends Error {
  override readonly name = "TakenBack";
}

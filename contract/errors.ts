/**
 * Every error that the bridge shows to a person. Each has a stable code, one sentence saying what
 * happened and one saying what to do next. HTTP, the command line and the Splunk command print these
 * three and invent nothing of their own.
 *
 *   BridgeError
 *   ├─ BadCall            400  the caller asked for something that cannot be
 *   ├─ Unauthorized       401  no token, or none that is known
 *   ├─ Forbidden          403  this token may not do that
 *   ├─ NotFound           404  nothing of that name
 *   ├─ Conflict           409  it changed meanwhile, exists already, or is under way
 *   ├─ TooLarge           413  beyond a stated limit
 *   ├─ CodeFailed         422  code written in a notebook raised, or could not be imported
 *   ├─ BadTable           422  the rows could not be read, or the result is no table
 *   ├─ NotLive            422  the algorithm has no version that may run
 *   ├─ KeyReused          422  an Idempotency-Key came with another request before
 *   ├─ QueueFull          429  too many calls wait for one algorithm
 *   ├─ Cancelled          499  the caller went away, or somebody stopped the run
 *   ├─ JupyterFailed      502  JupyterLab refused or is down
 *   ├─ WorkerLost         503  a worker stopped before it answered
 *   ├─ BeingChecked       503  nothing is live yet, and the last save is still being checked
 *   ├─ StoreAway          503  the store's database does not answer
 *   ├─ Stopping           503  the bridge is being stopped
 *   ├─ DeadlinePassed     504  the call took longer than it may
 *   └─ DiskFull           507  what was sent or made could not be kept
 */
export abstract class BridgeError extends Error {
  abstract readonly code: string;
  abstract readonly status: number;
  /** What the reader can do about it, as an imperative sentence. */
  abstract readonly hint: string;
  /** Facts for programs: names, limits, cell and line, traceback. */
  readonly details: Readonly<Record<string, unknown>> = {};
  /** Seconds after which to try again, where that makes sense. */
  readonly retryAfter: number | undefined = undefined;
}

export class BadCall extends BridgeError {
  override readonly name = "BadCall";
  readonly code = "BAD_CALL";
  readonly status = 400;
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

export class Unauthorized extends BridgeError {
  override readonly name = "Unauthorized";
  readonly code = "UNAUTHORIZED";
  readonly status = 401;
  readonly hint = "Send the header Authorization: Bearer <token>, with the token that `bridge token` prints.";

  constructor(why: "missing" | "unknown") {
    super(why === "missing" ? "This request carries no token." : "This token is not known here.");
  }
}

export class Forbidden extends BridgeError {
  override readonly name = "Forbidden";
  readonly code = "FORBIDDEN";
  readonly status = 403;
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

export class NotFound extends BridgeError {
  override readonly name = "NotFound";
  readonly code = "NOT_FOUND";
  readonly status = 404;
  readonly hint: string;

  constructor(kind: string, name: string, near: readonly string[] = []) {
    super(`There is no ${kind} named "${name}".`);
    this.hint = near.length > 0 ? `Use one of: ${near.join(", ")}.` : `Look at the list of what there is, or create the ${kind} first.`;
  }
}

export class Conflict extends BridgeError {
  override readonly name = "Conflict";
  readonly code = "CONFLICT";
  readonly status = 409;
  readonly hint: string;
  override readonly retryAfter: number | undefined;

  constructor(message: string, hint: string, retryAfter?: number) {
    super(message);
    this.hint = hint;
    this.retryAfter = retryAfter;
  }
}

export class TooLarge extends BridgeError {
  override readonly name = "TooLarge";
  readonly code = "TOO_LARGE";
  readonly status = 413;
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Where notebook code failed, as far as it is known. */
export interface CodePlace {
  readonly algorithm: string;
  readonly version: string;
  readonly phase: string;
  /** The exception's class. */
  readonly type: string;
  readonly cell?: number | undefined;
  readonly cellName?: string | undefined;
  /** Where the cell is of a notebook that the algorithm's imports. */
  readonly notebook?: string | undefined;
  /** Relative to the version's folder, where no cell is known. */
  readonly file?: string | undefined;
  /** Within the cell if there is one, else within the file. */
  readonly line?: number | undefined;
  readonly traceback: string;
}

/** Undefined where neither cell nor file is known. */
function placeText({ cell, file, line, notebook }: Pick<CodePlace, "cell" | "file" | "line" | "notebook">): string | undefined {
  const at = line === undefined ? "" : `, line ${line}`;
  return cell === undefined ? file && `${file}${at}` : `cell ${cell}${at} of ${notebook ?? "its notebook"}`;
}

export class CodeFailed extends BridgeError {
  override readonly name = "CodeFailed";
  readonly code = "CODE_FAILED";
  readonly status = 422;
  readonly hint: string;
  override readonly details: Readonly<Record<string, unknown>>;

  /** @param advice what is likelier than a fault of the code */
  constructor(message: string, place: CodePlace, advice?: string) {
    super(`${place.phase}() of ${place.algorithm} ended with ${place.type}: ${message}`);
    this.details = { ...place };
    const where = placeText(place);
    const mend = where
      ? `Look in ${where}, mend it and save; the next call runs the new code.`
      : `Read the traceback in the run's details and mend the code of ${place.algorithm}.`;
    this.hint = advice === undefined ? mend : `${advice} Or: ${mend}`;
  }
}

export class BadTable extends BridgeError {
  override readonly name = "BadTable";
  readonly code = "BAD_TABLE";
  readonly status = 422;
  readonly hint: string;
  override readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, hint: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.hint = hint;
    this.details = details;
  }
}

export class NotLive extends BridgeError {
  override readonly name = "NotLive";
  readonly code = "NOT_LIVE";
  readonly status = 422;
  readonly hint: string;
  override readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, hint: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.hint = hint;
    this.details = details;
  }
}

export class KeyReused extends BridgeError {
  override readonly name = "KeyReused";
  readonly code = "KEY_REUSED";
  readonly status = 422;
  readonly hint = "Send this call with a key of its own. A repetition must be the same in all that the details name.";
  override readonly details: Readonly<Record<string, unknown>>;

  /** @param differs which parts of the request are not what they were, such as "body" */
  constructor(differs: readonly string[]) {
    super(`This Idempotency-Key came with another request before: it differs in ${differs.join(", ")}.`);
    this.details = { differs };
  }
}

export class QueueFull extends BridgeError {
  override readonly name = "QueueFull";
  readonly code = "QUEUE_FULL";
  readonly status = 429;
  readonly hint: string;
  override readonly retryAfter: number;

  /** @param caller whose share of the queue is full; null: all of it is */
  constructor(algorithm: string, waiting: number, retryAfter: number, caller: string | null = null) {
    const whose = caller === null ? "calls wait" : `calls of ${caller} wait`;
    super(`${waiting} ${whose} for ${algorithm} already, which is the limit${caller === null ? "" : " for one caller"}.`);
    this.retryAfter = retryAfter;
    this.hint =
      caller === null
        ? "Send the call again after the time in Retry-After, or raise BRIDGE_QUEUE."
        : "Send fewer calls at once, or this one again after the time in Retry-After; or raise BRIDGE_QUEUE, of which one caller gets three quarters.";
  }
}

export class Cancelled extends BridgeError {
  override readonly name = "Cancelled";
  readonly code = "CANCELLED";
  readonly status = 499;
  readonly hint = "Send the call again if you still want its result.";

  constructor(why = "The caller went away before the call ended, so its work was stopped.") {
    super(why);
  }
}

export class CallerStalled extends BridgeError {
  override readonly name = "CallerStalled";
  readonly code = "CALLER_STALLED";
  readonly status = 408;
  readonly hint = "Send the call again, its rows without long pauses, and read the answer while it comes.";

  constructor(seconds: number) {
    super(`The caller sent no rows and took no results for ${seconds} s while calls waited for what its call keeps.`);
  }
}

export class JupyterFailed extends BridgeError {
  override readonly name = "JupyterFailed";
  readonly code = "JUPYTER_FAILED";
  readonly status = 502;
  readonly hint = "See the server's log for what JupyterLab wrote; it is started again by itself when it died.";
}

export class WorkerLost extends BridgeError {
  override readonly name = "WorkerLost";
  readonly code = "WORKER_LOST";
  readonly status = 503;
  readonly hint: string;
  override readonly details: Readonly<Record<string, unknown>>;
  override readonly retryAfter = 1;
  /** Such as "it was killed by SIGSEGV". */
  readonly how: string;
  /** What it wrote last. */
  readonly lastLines: string;

  /** @param place what its code was doing, where that is known */
  constructor(how: string, lastLines: string, place?: Pick<CodePlace, "cell" | "cellName" | "file" | "line">) {
    super(`The worker stopped before it answered: ${how}.`);
    this.how = how;
    this.lastLines = lastLines;
    this.details = { lastLines, ...place };
    const where = place && placeText(place);
    this.hint = where
      ? `Look in ${where}, where the process ended, mend it and save. A new worker starts by itself at the next call.`
      : "Send the call again: a new worker starts by itself. If it happens again, read the worker's last lines in the details.";
  }
}

export class BeingChecked extends BridgeError {
  override readonly name = "BeingChecked";
  readonly code = "BEING_CHECKED";
  readonly status = 503;
  readonly hint: string;
  override readonly retryAfter = 5;

  constructor(algorithm: string) {
    super(`${algorithm} has no version that may run yet: its last save is still being checked.`);
    this.hint = `Send the call again in a few seconds. If it goes on, look what takes so long when ${algorithm} is imported, and move it into init or load.`;
  }
}

export class StoreAway extends BridgeError {
  override readonly name = "StoreAway";
  readonly code = "STORE_AWAY";
  readonly status = 503;
  readonly hint =
    "Send the call again in a few seconds. If it goes on, look whether the database of BRIDGE_STORE runs and lets the bridge in.";
  override readonly retryAfter = 2;

  /** @param where the database, without its password; @param why what it or the network said */
  constructor(where: string, why: string, cause?: unknown) {
    super(`The store at ${where} does not answer: ${why}.`, { cause });
  }
}

export class Stopping extends BridgeError {
  override readonly name = "Stopping";
  readonly code = "STOPPING";
  readonly status = 503;
  readonly hint = "Send the call again in a few seconds.";
  override readonly retryAfter = 5;

  constructor() {
    super("The bridge is being stopped: calls under way finish, new ones are refused.");
  }
}

export class DeadlinePassed extends BridgeError {
  override readonly name = "DeadlinePassed";
  readonly code = "DEADLINE_PASSED";
  readonly status = 504;
  readonly hint: string;

  constructor(seconds: number, limit: string) {
    super(`The call took longer than ${seconds} s and was stopped.`);
    this.hint = `Send fewer rows, or raise the limit that fired: ${limit}.`;
  }
}

export class DiskFull extends BridgeError {
  override readonly name = "DiskFull";
  readonly code = "DISK_FULL";
  readonly status = 507;
  readonly hint = "Make room on the disk of BRIDGE_HOME, or raise its quota.";

  constructor(why: string) {
    super(`The disk is full, so that it could not be kept: ${why}`);
  }

  /** What the system and SQLite say of a full disk, a used-up quota or a file that may not grow; undefined for all else. */
  static from(error: unknown): DiskFull | undefined {
    if (error instanceof DiskFull) return error;
    if (!(error instanceof Error)) return undefined;
    const code = "code" in error ? error.code : undefined;
    const isFull = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG" || ("errcode" in error && error.errcode === SQLITE_FULL);
    return isFull ? new DiskFull(error.message) : undefined;
  }
}

const SQLITE_FULL = 13;

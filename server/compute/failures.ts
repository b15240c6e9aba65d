import { BadCall, BadTable, BridgeError, CodeFailed, DiskFull } from "#contract/errors.ts";
import { type ColumnType, cellAt, type Manifest, type Signature } from "#contract/manifest.ts";
import type { ModelVersion } from "#contract/model.ts";
import type { ErrorRecord } from "#contract/run.ts";
import type { WorkerError } from "#contract/worker.ts";
import { nearNames } from "../store/near.ts";

const MOST_TOLD = 5;

/** ENOSPC, EDQUOT and EFBIG, as Python writes them. */
const diskFull = /\[Errno (?:28|122|27)\]/;

/**
 * What a worker's error means to the caller: whose fault it is, and which cell and line to look at.
 *
 * @param fitted the model's version that was called; undefined: no fit ever made it, and then a failing `load`
 * has a likelier cause than its code
 * @param sibling the version that the error's file is of, if it was exported from another notebook (sibling-code.ts)
 */
export function toBridgeError(
  error: WorkerError,
  manifest: Manifest | null,
  model: string,
  fitted: ModelVersion | undefined,
  sibling?: Manifest,
): BridgeError {
  const { phase, type, message } = error;
  // Without a version the bridge itself was writing: a staging. Else it is the code's own file, and its place is told.
  if (!manifest && type === "OSError" && diskFull.test(message)) return new DiskFull(message);
  if (phase === "parse") {
    return new BadTable(
      `The rows could not be read: ${message}`,
      error.misfit === null ? "Mend the rows, and send them again." : typeHint(error.misfit, manifest, fitted),
      { phase, type },
    );
  }
  const place = manifest && placeOf(error, manifest, sibling);
  if (phase === "result" && type === "UnequalRows") {
    return new BadTable(
      `With append=true each row comes back beside its result, but ${message}.`,
      "Return one row for each row of df, in the same order; or call with append=false.",
      { phase, type },
    );
  }
  if (phase === "result") {
    return new BadTable(
      `The result of ${manifest?.name ?? "the call"} is no table: ${message}`,
      "Return a DataFrame, a Series, an array, a list, or a dict of lists of one length.",
      { phase, type, ...place, traceback: error.traceback },
    );
  }
  if (phase === "load" && type === "FileNotFoundError" && manifest && fitted === undefined) {
    return new BadCall(`${manifest.name} has no model "${model}": ${message}`, `Fit it first: method=fit with model_name=${model}.`);
  }
  return new CodeFailed(
    message,
    {
      algorithm: manifest?.name ?? "stage",
      version: manifest?.version ?? "",
      phase,
      type,
      ...(place ?? { line: error.line ?? undefined }),
      traceback: error.traceback,
    },
    phase === "apply" ? lackingColumns(error, fitted?.signature ?? []) : undefined,
  );
}

/** What a type is in plain words. */
const words: Record<ColumnType, string> = {
  int64: "numbers",
  uint64: "numbers",
  float64: "numbers",
  bool: "True and False",
  object: "text",
  "datetime64[ns]": "dates",
};

/** Where a column's type comes from, and what to do about a value that is not of it. */
function typeHint(column: string, manifest: Manifest | null, fitted: ModelVersion | undefined): string {
  const declared = manifest?.options.types?.[column];
  if (declared) {
    return `The notebook declares ${declared} for ${column} (compute_bridge.options.types in its metadata): mend the rows, or what it declares.`;
  }
  const seen = fitted?.signature?.find(({ name }) => name === column);
  if (!fitted || !seen) return "Mend the rows, and send them again.";
  return `The model ${fitted.name} version ${fitted.version} was fitted on ${words[seen.type]} here: send such, or fit it again on rows like these.`;
}

/**
 * Columns that the fit saw and these rows lack, each with the nearest that was sent: those that the error names, else all,
 * for a target is lacking by right and only the code knows which it needs. Undefined when none is.
 */
function lackingColumns({ message, columns }: WorkerError, fitted: Signature): string | undefined {
  if (columns === null) return undefined;
  const lacking = fitted.map(({ name }) => name).filter((name) => !columns.includes(name));
  const named = lacking.filter((name) => message.includes(name));
  const told = named.length > 0 ? named : lacking;
  if (told.length === 0) return undefined;
  const lines = told.slice(0, MOST_TOLD).map((name) => {
    const [near] = nearNames(
      name,
      columns.filter((each) => !fitted.some((one) => one.name === each)),
    );
    return near === undefined ? `"${name}"` : `"${name}" (the nearest that came is "${near}")`;
  });
  const more = told.length > MOST_TOLD ? ` and ${told.length - MOST_TOLD} more` : "";
  return `The model was fitted with columns that these rows lack: ${lines.join(", ")}${more}. Send them, or rename what was sent.`;
}

/** A place in the code, as its author knows it. */
export interface PlacedCell {
  readonly cell?: number;
  readonly cellName?: string;
  readonly line?: number;
  readonly file?: string;
  /** Where the cell is another notebook's: its path below the notebooks folder. */
  readonly notebook?: string;
}

/**
 * The notebook's cell and line of an error; the file's line where no cell is known (modules laid in by hand).
 *
 * @param sibling as for toBridgeError
 */
export function placeOf(error: Pick<WorkerError, "file" | "line">, manifest: Manifest, sibling?: Manifest): PlacedCell {
  if (error.line === null) return {};
  const isOwnFile = error.file === null || error.file === `app/model/${manifest.file}`;
  const source = isOwnFile ? manifest : sibling;
  const at = source && cellAt(source, error.line);
  if (at) {
    const named = at.name === undefined ? {} : { cellName: at.name };
    return { cell: at.cell, line: at.line, ...named, ...(isOwnFile || !source.notebook ? {} : { notebook: source.notebook }) };
  }
  return { line: error.line, ...(error.file === null ? {} : { file: error.file }) };
}

/** An error as runs keep it. What is no BridgeError is a fault of ours: its text stays in the log. */
export function toRecord(error: unknown): ErrorRecord {
  const told = DiskFull.from(error) ?? error;
  if (told instanceof BridgeError) return { code: told.code, message: told.message, hint: told.hint, details: { ...told.details } };
  return { code: "INTERNAL", message: "The bridge failed while answering.", hint: "Look for this run in the server's log.", details: {} };
}

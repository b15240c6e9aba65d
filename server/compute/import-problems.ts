import { BridgeError, WorkerLost } from "#contract/errors.ts";
import type { Manifest } from "#contract/manifest.ts";
import type { Problem } from "#contract/problem.ts";
import { WorkerFailed } from "../workers/call.ts";
import type { Pool } from "../workers/pool.ts";
import { placeOfCrash } from "./crash.ts";
import { type PlacedCell, placeOf } from "./failures.ts";
import type { Starts } from "./starts.ts";

/** A worker that was lost may not be the code's fault: somebody killed it, or memory was short for a moment. */
const TRIES = 3;
const MEND = "Mend this line and save again; the last live version serves on meanwhile.";

/**
 * Imports a new version in a worker, which stays for its calls, and tells what the import says of it.
 *
 * @param signal ends the import; its reason is thrown
 */
export async function importProblems(
  pool: Pick<Pool, "check">,
  starts: Starts,
  manifest: Manifest,
  signal: AbortSignal,
  tries = TRIES,
): Promise<Problem[]> {
  try {
    const { uncallable } = await pool.check({ algorithm: manifest.name, ...starts.of(manifest, null) }, signal);
    return Object.entries(uncallable).map(([name, why]) => ({
      severity: "error",
      code: "wrong-arguments",
      ...cellOf(manifest, name),
      message: `${name} cannot be called with the arguments that it gets: ${why}.`,
      hint: "Give it the parameters init(df, param), fit(model, df, param), apply(model, df, param), save(model, name), load(name), summary(model=None).",
    }));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WorkerLost) {
      const place = placeOfCrash(error, manifest);
      if (!place && tries > 1) return importProblems(pool, starts, manifest, signal, tries - 1);
      if (place) return [importFailed(manifest, place, `the process ended: ${error.how}.`, MEND)];
    }
    if (error instanceof WorkerFailed) {
      const { type, message } = error.error;
      const missing = type === "ModuleNotFoundError" ? /No module named '([^'.]+)/.exec(message)?.[1] : undefined;
      return [
        importFailed(
          manifest,
          placeOf(error.error, manifest),
          `${type}: ${message}`,
          missing ? `Install it with \`npm run python -- add ${missing}\` and save again, or do without it.` : MEND,
        ),
      ];
    }
    if (error instanceof BridgeError) return [{ severity: "error", code: "import-failed", message: error.message, hint: error.hint }];
    throw error;
  }
}

function importFailed(manifest: Manifest, { cell, file, line }: PlacedCell, why: string, hint: string): Problem {
  return {
    severity: "error",
    code: "import-failed",
    ...(cell === undefined ? {} : { cell }),
    ...(file === undefined ? {} : { file: file.replace(/^app\/model\//, "") }),
    ...(line === undefined ? {} : { line }),
    message: `The ${manifest.notebook === null ? "module" : "exported cells"} cannot be imported: ${why}`,
    hint,
  };
}

function cellOf(manifest: Manifest, entryPoint: string): { cell?: number } {
  const named = manifest.cells.find((each) => each.name?.endsWith(`_${entryPoint}`));
  return named ? { cell: named.cell } : {};
}

import { Command } from "commander";
import { FRAMES_TYPE, FrameKind } from "#contract/frames.ts";
import { ErrorRecord, type Receipt } from "#contract/run.ts";
import { WorkerEvent } from "#contract/worker.ts";
import { tableBody } from "../../server/routes/records.ts";
import { ApiFailed, placeIn } from "../api.ts";
import { asksBridge, bridgeOf, type Connection } from "../connection.ts";
import { count } from "../show.ts";
import { Done, framesOf, sendRows } from "../upload.ts";

interface ComputeOptions extends Connection {
  readonly timeout?: string;
  readonly quiet?: true;
}

const help = `
Words with "=" are options, as in a search: model_name=, fields=, feature_variables=, target_variables=, mode=stage, and any
that the notebook reads. Rows are CSV with a header line. What the code prints and the receipt go to standard error.

Examples:
  bridge compute my_algorithm fit model_name=m feature_variables=a,b target_variables=c < train.csv
  bridge compute my_algorithm model_name=m < rows.csv > scored.csv
  bridge compute my_algorithm summary model_name=m
  bridge compute mode=stage model_name=my_rows < rows.csv

Exit codes: 0 done, 1 failed (rows that were written before are not the whole result), 2 wrong usage, 130 stopped by Ctrl-C.`;

/** `bridge compute [ALGORITHM [METHOD]] [key=value…]`: rows from standard input, the result to standard output, both as streams. */
export function computeCommand(): Command {
  const command = new Command("compute")
    .description("run a method of an algorithm on rows from standard input; apply unless said")
    .argument("[words...]", "ALGORITHM [METHOD] [key=value…]")
    .usage("[options] ALGORITHM [METHOD] [key=value…] < rows.csv > result.csv")
    .option("--timeout <seconds>", "how long the call may take")
    .option("--quiet", "print nothing but the result and errors")
    .addHelpText("after", help);
  return asksBridge(command, { json: false }).action(async (words: string[], options: ComputeOptions) => {
    const query = queryOf(words, (message) => command.error(`error: ${message}`, { exitCode: 2 }));
    const api = await bridgeOf(options);
    const tell = (line: string): void => {
      if (!options.quiet) process.stderr.write(`${line}\n`);
    };
    const stopped = new AbortController();
    process.once("SIGINT", () => stopped.abort());
    process.stdout.once("error", (error: NodeJS.ErrnoException) => stopped.abort(error)); // whoever read it has seen enough
    const hasRows = query.get("method") !== "summary";
    if (hasRows && process.stdin.isTTY) tell("Reading rows from the terminal; Ctrl-D ends them.");
    try {
      const answer = await sendRows(new URL(`/v1/compute?${query}`, api.url), {
        headers: { ...api.headers, accept: FRAMES_TYPE, "content-type": "text/csv", ...timeoutOf(options) },
        rows: hasRows ? process.stdin : undefined,
        signal: stopped.signal,
      });
      const records = tableBody("csv");
      for await (const { kind, payload } of framesOf(answer)) {
        if (kind === FrameKind.table) await written(records(payload));
        else if (kind === FrameKind.event) tellEvent(WorkerEvent.parse(JSON.parse(payload.toString())), tell);
        else if (kind === FrameKind.error) throw failed(ErrorRecord.parse(JSON.parse(payload.toString())));
        else if (kind === FrameKind.done) return tell(receiptLine(Done.parse(JSON.parse(payload.toString())).receipt));
      }
      throw new ApiFailed("The answer stopped before its end.", "What was written is not the whole result: run it again.");
    } catch (error) {
      if (!stopped.signal.aborted) throw error;
      if (isUnwritten(stopped.signal.reason))
        process.exitCode = 1; // cli.ts says why
      else process.exitCode = isBrokenPipe(stopped.signal.reason) ? 0 : 130;
    } finally {
      process.stdin.destroy();
    }
  });
}

/** @param refuse ends the command */
function queryOf(words: readonly string[], refuse: (message: string) => never): URLSearchParams {
  const query = new URLSearchParams();
  for (const [key = "", value] of words.filter((each) => each.includes("=")).map((each) => each.split(/=(.*)/s))) {
    if (query.has(key)) refuse(`${key}= is given twice`);
    query.set(key, value ?? "");
  }
  const [algorithm, method, ...more] = words.filter((each) => !each.includes("="));
  if (more.length > 0) refuse(`"${more[0]}" is one word too many: ALGORITHM METHOD, then key=value`);
  if (algorithm !== undefined) query.set("algorithm", algorithm);
  if (!query.has("mode") && !query.has("algorithm")) refuse("name an algorithm; bridge algorithms lists them");
  if (method !== undefined) query.set("method", method);
  if (!query.has("mode") && !query.has("method")) query.set("method", "apply");
  return query;
}

function timeoutOf({ timeout }: ComputeOptions): Record<string, string> {
  return timeout === undefined ? {} : { "compute-timeout": timeout };
}

async function written(bytes: Buffer): Promise<void> {
  if (process.stdout.write(bytes)) return;
  await new Promise<void>((resolve) => {
    process.stdout
      .once("drain", resolve)
      .once("close", resolve)
      .once("error", () => resolve());
  });
}

function tellEvent(event: WorkerEvent, tell: (line: string) => void): void {
  if (event.event === "log") tell(event.text);
  if (event.event === "progress") tell(`${event.done}${event.total === null ? "" : ` of ${event.total}`} ${event.text ?? ""}`.trimEnd());
}

function failed({ message, hint, details }: ErrorRecord): ApiFailed {
  return new ApiFailed(`${message}${placeIn(details)}`, hint);
}

function receiptLine({ run, rows, seconds, model, version, dataset, notes }: Receipt): string {
  const made = dataset
    ? `dataset ${dataset.name}@${dataset.version}`
    : model && `model ${model.name}${model.version === null ? "" : `@${model.version}`}`;
  const what = [version && `version ${version}`, made].filter(Boolean).join(", ");
  const line = `${count(rows.received, "row")} in, ${count(rows.returned, "row")} out, ${seconds.total.toFixed(3)} s; ${what}; run ${run}`;
  return [line, ...notes].join("\n");
}

function isUnwritten(reason: unknown): boolean {
  return reason instanceof Error && "code" in reason && reason.code !== "EPIPE" && reason.name !== "AbortError";
}

function isBrokenPipe(reason: unknown): boolean {
  return reason instanceof Error && "code" in reason && reason.code === "EPIPE";
}

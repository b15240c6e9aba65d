import { Command } from "commander";
import { FRAMES_TYPE, FrameKind } from "#contract/frames.ts";
import { ErrorRecord, type Receipt } from "#contract/run.ts";
import { WorkerEvent } from "#contract/worker.ts";
import { ApiFailed, placeIn } from "../api.ts";
import { callOf, doubtfulKeys, modelMeant } from "../call-words.ts";
import { asksBridge, bridgeOf, type Connection } from "../connection.ts";
import { escaped } from "../escapes.ts";
import { failureText, Unwritten } from "../failure.ts";
import { ResultOut } from "../result-out.ts";
import { isFolder, onUnreadable, wasEmpty } from "../rows-in.ts";
import { count } from "../show.ts";
import { Done, framesOf, sendRows } from "../upload.ts";
import { refuse, seconds } from "../usage.ts";

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
    .option("--timeout <seconds>", "how long the call may take", seconds)
    .option("--quiet", "print nothing but the result and errors")
    .addHelpText("after", help);
  return asksBridge(command, { json: false }).action(async (words: string[], options: ComputeOptions) => {
    const query = callOf(words, (message) => refuse(command, message));
    const hasRows = query.get("method") !== "summary";
    if (hasRows && isFolder(process.stdin.fd))
      refuse(command, "standard input is a folder: give a file of CSV rows, as in bridge compute … < rows.csv");
    const api = await bridgeOf(options);
    const tell = (line: string): void => {
      if (!options.quiet) process.stderr.write(`${line}\n`);
    };
    for (const doubt of doubtfulKeys(query)) tell(escaped(doubt));
    const stopped = new AbortController();
    process.once("SIGINT", () => stopped.abort());
    process.stdout.once("error", (error: NodeJS.ErrnoException) => stopped.abort(error)); // whoever read it has seen enough
    if (hasRows && process.stdin.isTTY) tell("Reading rows from the terminal; Ctrl-D ends them.");
    onUnreadable(process.stdin, (error) => stopped.abort(error));
    const out = new ResultOut(process.stdout);
    try {
      const answer = await sendRows(new URL(`/v1/compute?${query}`, api.url), {
        headers: { ...api.headers, accept: FRAMES_TYPE, "content-type": "text/csv", ...timeoutOf(options) },
        rows: hasRows ? process.stdin : undefined,
        signal: stopped.signal,
      });
      tell(receiptLine(await resultOf(answer, out, tell)));
    } catch (error) {
      const [why, code] = endOf(error, stopped.signal, hasRows && wasEmpty(process.stdin));
      const meant = why instanceof ApiFailed && why.code === "BAD_CALL" ? await modelMeant(api, query) : undefined;
      const lines = [why && failureText(why), meant && `  Did you mean model_name=${meant}?`, code !== 0 && out.incomplete].filter(Boolean);
      if (lines.length > 0) console.error(escaped(lines.join("\n")));
      process.exitCode = code;
    } finally {
      process.stdin.destroy();
    }
  });
}

/** Writes the result as it comes. @throws ApiFailed when the call failed, or the answer broke off */
async function resultOf(answer: AsyncIterable<Buffer>, out: ResultOut, tell: (line: string) => void): Promise<Receipt> {
  try {
    for await (const { kind, payload } of framesOf(answer)) {
      if (kind === FrameKind.table) await out.write(payload);
      else if (kind === FrameKind.event) tellEvent(WorkerEvent.parse(JSON.parse(payload.toString())), tell);
      else if (kind === FrameKind.error) throw failed(ErrorRecord.parse(JSON.parse(payload.toString())));
      else if (kind === FrameKind.done) return Done.parse(JSON.parse(payload.toString())).receipt;
    }
  } catch (error) {
    if (error instanceof ApiFailed || error instanceof Unwritten) throw error;
    throw new ApiFailed(
      `The answer broke off: ${error instanceof Error ? error.message : error}.`,
      "Look whether the bridge still runs, and run it again.",
    );
  }
  throw new ApiFailed("The answer stopped before its end.", "Run it again.");
}

/** What is said of a call that did not end well, if anything, and the exit code. */
function endOf(error: unknown, { aborted, reason }: AbortSignal, isEmpty: boolean): [why: unknown, code: number] {
  if (!aborted) return [isEmpty && error instanceof ApiFailed && error.code === "BAD_TABLE" ? noRows : error, 1];
  if (reason instanceof ApiFailed) return [reason, 1];
  const code = reason instanceof Error && "code" in reason && reason.name !== "AbortError" ? reason.code : undefined;
  if (code === undefined) return [undefined, 130];
  return [undefined, code === "EPIPE" ? 0 : 1]; // of all but a closed pipe cli.ts says why
}

const noRows = new ApiFailed(
  "There are no rows: standard input was empty.",
  "Give CSV with a header line, as in bridge compute … < rows.csv.",
);

function timeoutOf({ timeout }: ComputeOptions): Record<string, string> {
  return timeout === undefined ? {} : { "compute-timeout": timeout };
}

function tellEvent(event: WorkerEvent, tell: (line: string) => void): void {
  if (event.event === "log") tell(forStderr(event.text));
  if (event.event === "progress")
    tell(forStderr(`${event.done}${event.total === null ? "" : ` of ${event.total}`} ${event.text ?? ""}`.trimEnd()));
}

/** What code prints goes as it is into a file or a pipe. */
function forStderr(text: string): string {
  return process.stderr.isTTY ? escaped(text) : text;
}

function failed({ code, message, hint, details }: ErrorRecord): ApiFailed {
  return new ApiFailed(`${message}${placeIn(details)}`, hint, { code });
}

function receiptLine({ run, rows, seconds, model, version, dataset, notes }: Receipt): string {
  const made = dataset
    ? `dataset ${dataset.name}@${dataset.version}`
    : model && `model ${model.name}${model.version === null ? "" : `@${model.version}`}`;
  const what = [version && `version ${version}`, made].filter(Boolean).join(", ");
  const line = `${count(rows.received, "row")} in, ${count(rows.returned, "row")} out, ${seconds.total.toFixed(3)} s; ${what}; run ${run}`;
  return escaped([line, ...notes].join("\n"));
}

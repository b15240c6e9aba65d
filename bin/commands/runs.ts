import { Command, Option } from "commander";
import { RunId } from "#contract/names.ts";
import { type Receipt, Run, RunState } from "#contract/run.ts";
import { placeIn } from "../api.ts";
import { bridgeOf } from "../connection.ts";
import { escaped, jsonText } from "../escapes.ts";
import { type Listing, listsThings, printListed, readListed, refuseUnknown } from "../listing.ts";
import { print } from "../print.ts";
import { facts, table, time } from "../show.ts";
import { checkedBy } from "../usage.ts";

interface RunOptions extends Listing {
  readonly algorithm?: string;
  readonly state?: string;
}

const runId = checkedBy(RunId, "Give the id of a run, as bridge runs shows it.");
const idOrList = (text: string): string | undefined => (text === "list" ? undefined : runId(text));

/** The newest are asked for: they should not scroll away. */
const FIRST = 20;

/** `bridge runs [ID]`. */
export function runsCommand(): Command {
  const command = new Command("runs")
    .description("every call and what became of it, newest first")
    .argument("[id]", "one of them: its receipt, what its code printed, its error and traceback", idOrList)
    .option("--algorithm <name>", "those of one algorithm")
    .addOption(new Option("--state <state>", "those in one state").choices(RunState.options))
    .addHelpText("after", "\nExamples:\n  bridge runs --state failed\n  bridge runs --algorithm binary_classifier --limit 5");
  return listsThings(command, FIRST).action(async (id: string | undefined, { algorithm, state, ...options }: RunOptions) => {
    const api = await bridgeOf(options);
    if (id !== undefined) {
      const one = await api.read(`/v1/runs/${encodeURIComponent(id)}`, Run);
      return print(options.json ? jsonText(one) : details(one));
    }
    const listed = await readListed(api, "/v1/runs", Run, options, { algorithm, state });
    await refuseUnknown(api, listed, algorithm);
    printListed(listed, options, list);
  });
}

function list(all: readonly Run[]): string {
  return table(
    ["run", "began", "state", "algorithm", "method", "model", "rows", "seconds", "caller"],
    all.map(({ id, startedAt, state, algorithm, method, model, receipt, caller }) => [
      ...[id, time(startedAt), state, algorithm, method, model],
      ...[receipt?.rows.received, receipt?.seconds.total.toFixed(3), caller],
    ]),
    "There are no such runs.",
  );
}

function details(one: Run): string {
  const { receipt, error } = one;
  const lines = [
    facts({
      run: one.id,
      state: one.state,
      algorithm: one.algorithm && `${one.algorithm}${one.version ? `@${one.version}` : ""}`,
      method: one.method,
      model: receipt?.model ? `${receipt.model.name}${receipt.model.version ? `@${receipt.model.version}` : ""}` : one.model,
      caller: one.caller,
      began: time(one.startedAt),
      ended: one.finishedAt && time(one.finishedAt),
      rows: receipt && `${receipt.rows.received} received, ${receipt.rows.used} used, ${receipt.rows.returned} returned`,
      seconds: receipt && secondsOf(receipt),
      device: receipt?.device,
      notes: receipt?.notes.join(" "),
      error: error && `${error.message}${placeIn(error.details)}`,
      hint: error?.hint,
    }),
  ];
  for (const { at, level, text } of one.log) lines.push(`${time(at)} ${level} ${text}`);
  const traceback = error?.details.traceback;
  if (typeof traceback === "string" && traceback !== "") lines.push(traceback.trimEnd());
  return escaped(lines.join("\n"));
}

function secondsOf({ seconds }: Receipt): string {
  const { queued, loading, computing, total } = seconds;
  return `${total.toFixed(3)} (queued ${queued.toFixed(3)}, loading ${loading.toFixed(3)}, computing ${computing.toFixed(3)})`;
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments } from "./arguments.ts";
import { startGenerator } from "./load/generator.ts";
import { measures } from "./measures.ts";
import { modelsPython, peersFolder } from "./places.ts";
import { prepareRows } from "./prepared.ts";
import { peersPython } from "./python.ts";
import { reportOf } from "./report.ts";
import { type Limits, limitsOf, takeLimits, takeRounds } from "./rounds.ts";
import { startBridge } from "./sides/bridge.ts";
import { startDsdl } from "./sides/dsdl.ts";
import { startFloor } from "./sides/floor.ts";
import { startLitServe } from "./sides/litserve.ts";
import type { Side, SideParts } from "./sides/side.ts";
import { type Measured, tableOf } from "./table.ts";

// `npm run bench`: starts all sides, measures them in turns, prints the tables and writes RESULTS.md.
const began = performance.now();
const say = (text: string): void => console.error(`bench ${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);

const { form, dsdl, only } = readArguments(process.argv.slice(2));
const wanted = measures.filter(({ id }) => only.length === 0 || only.some((part) => id.includes(part)));
const folder = await mkdtemp(join(tmpdir(), "bench-"));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(folder, { recursive: true, force: true }));
process.once("SIGINT", () => void stack.disposeAsync().then(() => process.exit(130)));

say("rows and the peers' Python");
const peers = await peersPython(peersFolder, modelsPython).catch((error: unknown) => String(error));
const prepared = await prepareRows(join(folder, "rows"), modelsPython, form.largeRows);
const generator = stack.use(startGenerator());

const missing: string[] = [];
const sides: Side[] = [];
const reference = dsdl ? "DSDL" : "DSDL stand-in";
const starts: readonly (readonly [string, (parts: SideParts) => Promise<Side>])[] = [
  ["bridge", startBridge],
  [reference, (parts) => startDsdl(parts, dsdl)],
  ["LitServe", startLitServe],
  ["bare node:http", startFloor],
];
for (const [name, start] of starts) {
  say(`starting ${name}`);
  const own = join(folder, name.replaceAll(" ", "-"));
  await mkdir(own);
  try {
    const python = name === "bridge" ? modelsPython : installed(peers);
    sides.push(stack.use(await start({ folder: own, python, train: prepared.train })));
  } catch (error) {
    missing.push(`${name} is not in this table: ${error instanceof Error ? error.message : error}`);
    say(missing.at(-1) ?? "");
  }
}

const report = await reportOf({ form, reference, missing, peers });
const tables: string[] = [];
const limits: Limits[] = [];
const measured: Omit<Measured, "limits">[] = [];
for (const measure of wanted) {
  say(measure.title);
  measured.push(await takeRounds(measure, { sides, form, prepared, generator }));
  // A run of the limits after some of the measures: they see the same minutes.
  if (limits.length < form.largeRounds) limits.push(await takeLimits(prepared.folder, modelsPython, form.calls));
}
for (const each of measured) tables.push(tableOf({ ...each, limits: limitsOf(each.measure, limits) }, reference));

const text = report(tables, (performance.now() - began) / 60_000);
console.log(text);
if (only.length === 0) await writeFile(join(import.meta.dirname, "RESULTS.md"), text);

function installed(python: string): string {
  if (!python.startsWith("/")) throw new Error(`its packages could not be installed: ${python}`);
  return python;
}

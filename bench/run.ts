import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments } from "./arguments.ts";
import { contenders } from "./contenders.ts";
import { startGenerator } from "./load/generator.ts";
import { pythonLine } from "./machine.ts";
import { isAlone } from "./measures/measure.ts";
import { Pausing } from "./pausing.ts";
import { modelsPython, peersFolder } from "./places.ts";
import { prepareRows } from "./prepared.ts";
import { environmentPython } from "./python.ts";
import { reportOf } from "./report.ts";
import { takeAlone, takeLimits, takeRounds } from "./rounds.ts";
import type { Side } from "./sides/side.ts";
import { type Measured, tableOf } from "./table.ts";

// `npm run bench`: starts all sides, measures them in turns, prints the tables and writes RESULTS.md.
const began = performance.now();
const say = (text: string): void => console.error(`bench ${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);

const { form, dsdl, measures, isAll, peers } = readArguments(process.argv.slice(2));
const folder = await mkdtemp(join(tmpdir(), "bench-"));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(folder, { recursive: true, force: true }));
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.once(signal, () => void stack.disposeAsync().then(() => process.exit(status)));

say("rows");
const prepared = await prepareRows(join(folder, "rows"), modelsPython, form.largeRows);
const generator = stack.use(startGenerator());

const notes: string[] = [];
const versions: string[] = [];
const sides: Side[] = [];
const isWanted = (name: string, isLong: boolean) =>
  name === "bridge" || (peers ? peers.includes(name) : !(isLong && form.name === "short"));
const all = measures.every(isAlone) ? [] : contenders(dsdl);
const left = all.filter(({ name, isLong }) => !isWanted(name, isLong)).map(({ name }) => name);
if (left.length > 0) notes.push(`Left out of this run: ${left.join(", ")}.`);
for (const { name, python, start } of all.filter(({ name, isLong }) => isWanted(name, isLong))) {
  say(`starting ${name}`);
  const own = join(folder, name.replaceAll(/\W+/g, "-"));
  await mkdir(own);
  try {
    const program = python
      ? await environmentPython(join(peersFolder, python.environment), python.requirements, modelsPython)
      : modelsPython;
    const side = stack.use(await start({ folder: own, python: program, train: prepared.train }));
    sides.push(side);
    notes.push(...(side.notes ?? []));
    if (python && python.packages.length > 0) versions.push(await pythonLine(program, [...python.packages, "pandas", "scikit-learn"]));
  } catch (error) {
    notes.push(`${name} is not in this table: ${error instanceof Error ? error.message : error}`.replaceAll(/\s+/g, " ").slice(0, 500));
    say(notes.at(-1) ?? "");
  }
}

const pausing = stack.use(new Pausing(sides));
const reference = dsdl ? "DSDL" : "DSDL stand-in";
const report = await reportOf({ form, reference, notes, peers: versions });
const measured: Measured[] = [];
const warm = new Set<string>();
await pausing.letRun(undefined);
for (const measure of measures) {
  say(measure.title);
  const rounds = { sides, form, prepared, generator, pausing, warm };
  const taken = isAlone(measure) ? await takeAlone(measure, form) : await takeRounds(measure, rounds);
  await pausing.letRun(undefined);
  const hasLimits = measure.kind === "small" || measure.kind === "flood" || measure.kind === "large";
  const limits = hasLimits ? await takeLimits(measure, prepared.folder, modelsPython, form.largeRounds) : [];
  measured.push({ ...taken, limits });
}
const tables = measured.map((each) => tableOf(each, reference));

const text = report(tables, (performance.now() - began) / 60_000);
console.log(text);
if (isAll) await writeFile(join(import.meta.dirname, "RESULTS.md"), text);

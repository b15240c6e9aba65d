import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startGenerator } from "../load/generator.ts";
import { machineLine } from "../machine.ts";
import { measureAlgorithms } from "./algorithms.ts";
import { readArguments } from "./arguments.ts";
import { measureBodies } from "./bodies.ts";
import { measureConnections } from "./connections.ts";
import type { Curve } from "./curve.ts";
import { endOnInterrupt } from "./interrupt.ts";
import type { Measure } from "./measured.ts";
import { picturesFolder, picturesPython } from "./pictures-python.ts";
import { reportOf } from "./report.ts";
import { measureRuns } from "./runs.ts";

// `npm run bench:growth`: measures the curves, draws them into docs/pictures and writes GROWTH.md.
const began = performance.now();
const say = (text: string): void => console.error(`growth ${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);
const measures: Readonly<Record<string, Measure>> = {
  algorithms: measureAlgorithms,
  connections: measureConnections,
  bodies: measureBodies,
  runs: measureRuns,
};

const { form, only } = readArguments(process.argv.slice(2));
const wanted = Object.entries(measures).filter(([name]) => only.length === 0 || only.some((part) => name.includes(part)));
const machine = await machineLine();
const folder = await mkdtemp(join(tmpdir(), "growth-"));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(folder, { recursive: true, force: true }));
endOnInterrupt();

say("the Python that draws");
const python = await picturesPython();
const generator = stack.use(startGenerator());
const curves: Curve[] = [];
for (const [name, measure] of wanted) {
  const own = join(folder, name);
  await mkdir(own);
  curves.push(await measure({ form, folder: own, generator, say }));
}

const text = reportOf(curves, form, (performance.now() - began) / 60_000, machine);
console.log(text);
const drawn = join(folder, "curves.json");
await writeFile(drawn, JSON.stringify(curves));
await promisify(execFile)(python, [join(import.meta.dirname, "pictures.py"), drawn, picturesFolder]);
if (only.length === 0) await writeFile(join(import.meta.dirname, "../GROWTH.md"), text);

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { appSource } from "../test/splunk-app/splunkd/installation.ts";
import { pythons } from "../test/splunk-app/splunkd/pythons.ts";
import { playSplunkd } from "../test/splunk-app/splunkd/splunkd.ts";
import { machineLine } from "./machine.ts";
import { chunksOf } from "./splunk/rows.ts";
import { median } from "./summary.ts";

// How fast the search command moves rows between splunkd and a bridge that computes nothing, and in how much memory; beside
// it the same command written with Splunk's SDK, which speaks to no bridge at all. splunkd is played (test/splunk-app/splunkd).
//   npm run bench:splunk -- [--rows 1000000] [--rounds 3] [--python 3.9]

const SDK = "splunk-sdk==2.1.1";
const { values } = parseArgs({
  options: { rows: { type: "string", default: "1000000" }, rounds: { type: "string", default: "3" }, python: { type: "string" } },
});
const chosen = pythons.find(({ version }) => values.python === undefined || version === values.python);
if (chosen === undefined) throw new Error(`there is no Python ${values.python ?? "3.9 – 3.13"} on PATH or in pyenv`);
const { python, version } = chosen;
const chunks = chunksOf(Number(values.rows), 50_000);
const megabytes = chunks.reduce((sum, each) => sum + each.length, 0) / 1e6;

interface Side {
  readonly name: string;
  readonly python: string;
  readonly source: string;
  readonly command: string;
  /** Whether the rows come back. */
  readonly echoes: boolean;
}

const folder = await mkdtemp(join(tmpdir(), "bench-splunk-"));
const peer = spawn(process.execPath, [join(import.meta.dirname, "splunk/peer.ts")], { stdio: ["ignore", "pipe", "inherit"] });
try {
  const [address] = await once(createInterface(peer.stdout), "line");
  const ours = { python, source: appSource };
  const sides: Side[] = [
    { name: "ours, by parts", ...ours, command: "compute algorithm=parts method=apply", echoes: true },
    { name: "ours, whole table", ...ours, command: "compute algorithm=whole method=apply", echoes: true },
    { name: "ours, one row back a part", ...ours, command: "compute algorithm=drop method=apply", echoes: false },
  ];
  const sdk = await splunklib();
  if (sdk) sides.push({ name: SDK, ...sdk, command: "compute algorithm=x method=apply", echoes: true });
  const measured = new Map<string, Awaited<ReturnType<typeof measure>>[]>(sides.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const side of sides) measured.get(side.name)?.push(await measure(side, String(address)));

  const table = new Table({
    head: ["command", "seconds", "MB/s", "rows/s", "MB per CPU second", "peak RSS (MB)", "start to getinfo (ms)"],
    style: { head: [] },
  });
  for (const [name, rounds] of measured) {
    const seconds = median(rounds.map((each) => each.seconds));
    const peak = Math.max(...rounds.map((each) => each.peakRss));
    const getinfo = median(rounds.map((each) => each.getinfoMs));
    const speed = [(megabytes / seconds).toFixed(0), Math.round(Number(values.rows) / seconds).toLocaleString("en")];
    const processor = median(rounds.map((each) => each.processorSeconds));
    table.push([name, seconds.toFixed(2), ...speed, (megabytes / processor).toFixed(0), peak.toFixed(1), getinfo.toFixed(0)]);
  }
  console.log(
    `${await machineLine()}; Python ${version}; ${values.rows} rows, ${megabytes.toFixed(1)} MB, ${chunks.length} chunks; medians\n${table}`,
  );
} finally {
  peer.kill("SIGTERM");
  await rm(folder, { recursive: true });
}

/** One search. The clock runs from the first chunk to the last reply. */
async function measure({ python, source, command, echoes }: Side, address: string) {
  await using splunkd = await playSplunkd({ python, source, bridge: { address, token: "bench" }, users: { alice: ["bridge_engineer"] } });
  await splunkd.search({ command, chunks: chunksOf(1, 1) }); // what splunkd keeps running, it has started by now
  const starts = performance.now();
  await using running = await splunkd.start({ command });
  await running.getinfo();
  const began = performance.now();
  for (const chunk of chunks) await running.send(chunk);
  await running.end();
  await running.drain();
  const seconds = (performance.now() - began) / 1000;
  const { processorSeconds } = running.command;
  const { error, exitCode, peakRss, replies } = await splunkd.result(running);
  const returned = replies.reduce((sum, { body }) => sum + body.length, 0) / 1e6;
  if (error !== undefined || exitCode !== 0 || returned < (echoes ? megabytes * 0.95 : 1e-6))
    throw new Error(`${command}: ${error ?? exitCode}, ${returned.toFixed(1)} MB came back`);
  return { seconds, peakRss, processorSeconds, getinfoMs: began - starts };
}

/** An app whose command is written with Splunk's SDK, in a Python environment of its own; undefined where the SDK cannot be had. */
async function splunklib(): Promise<Pick<Side, "python" | "source"> | undefined> {
  const environment = join(folder, "sdk");
  const source = join(folder, "app");
  try {
    execFileSync(python, ["-m", "venv", environment], { stdio: "pipe" });
    execFileSync(join(environment, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", SDK], { stdio: "pipe" });
  } catch (error) {
    console.error(`${SDK} could not be installed and is left out: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
  await cp(join(import.meta.dirname, "splunk/splunklib_compute.py"), join(source, "bin/splunklib_compute.py"));
  await mkdir(join(source, "default"));
  await writeFile(join(source, "default/commands.conf"), "[compute]\nchunked = true\nfilename = splunklib_compute.py\n");
  return { python: join(environment, "bin/python"), source };
}

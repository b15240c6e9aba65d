import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs, promisify } from "node:util";
import Table from "cli-table3";
import { z } from "zod";
import { appSource } from "../test/splunk-app/splunkd/installation.ts";
import { pythons } from "../test/splunk-app/splunkd/pythons.ts";
import { getinfo } from "../test/splunk-app/splunkd/search-info.ts";
import { playSplunkd } from "../test/splunk-app/splunkd/splunkd.ts";
import { machineLine } from "./machine.ts";
import { chunksOf } from "./splunk/rows.ts";
import { median } from "./summary.ts";

// How fast the search command moves rows between splunkd and a bridge that computes nothing, and in how much memory; beside
// it what the machine allows (splunk/floor.py), and the same command written with Splunk's SDK, which speaks to no bridge at all.
// splunkd is played: by test/splunk-app/splunkd, and its end of the two pipes by splunk/pipes.py.
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
const firstMegabytes = (chunks[0]?.length ?? 0) / 1e6;

interface Side {
  readonly name: string;
  readonly python: string;
  readonly source: string;
  readonly command: string;
  /** How the rows come back: to the byte, with cells quoted otherwise, or hardly any. */
  readonly back: "same" | "quoted" | "dropped";
  /** Another program than the app's command. */
  readonly program?: readonly string[];
}

const Seen = z.object({
  ...{ getinfoSeconds: z.number(), firstSeconds: z.number(), seconds: z.number(), processorSeconds: z.number() },
  ...{ peakRss: z.number(), returned: z.number(), isSame: z.boolean() },
});
type Seen = z.infer<typeof Seen>;

const folder = await mkdtemp(join(tmpdir(), "bench-splunk-"));
const peer = spawn(python, [join(import.meta.dirname, "splunk/peer.py")], { stdio: ["pipe", "pipe", "inherit"] });
try {
  const [address] = await once(createInterface(peer.stdout), "line");
  await writeFile(join(folder, "rows"), Buffer.concat(chunks));
  const ours = { python, source: appSource };
  const floor = { ...ours, program: [python, join(import.meta.dirname, "splunk/floor.py"), String(address)] };
  const sides: Side[] = [
    { name: "ours, by parts", ...ours, command: "compute algorithm=parts method=apply", back: "same" },
    { name: "ours, whole table", ...ours, command: "compute algorithm=whole method=apply", back: "same" },
    { name: "ours, one row back a part", ...ours, command: "compute algorithm=drop method=apply", back: "dropped" },
    { name: "floor: pipe to pipe", ...floor, command: "compute algorithm=copied", back: "same" },
    { name: "floor: to the bridge and back", ...floor, command: "compute algorithm=echoed", back: "same" },
  ];
  const sdk = await splunklib();
  if (sdk) sides.push({ name: SDK, ...sdk, command: "compute algorithm=x method=apply", back: "quoted" });
  const measured = new Map<string, Seen[]>(sides.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const side of sides) measured.get(side.name)?.push(await measure(side, String(address)));

  const table = new Table({
    head: [
      ...["command", "seconds", "MB/s", "rows/s", "MB/s after the first reply", "first reply (ms)"],
      ...["MB per CPU second", "peak RSS (MB)", "start to getinfo (ms)"],
    ],
    style: { head: [] },
  });
  for (const [name, rounds] of measured) {
    const of = (figure: (seen: Seen) => number) => median(rounds.map(figure));
    const seconds = of((each) => each.seconds);
    table.push([
      ...[name, seconds.toFixed(2), (megabytes / seconds).toFixed(0), Math.round(Number(values.rows) / seconds).toLocaleString("en")],
      of((each) => (megabytes - firstMegabytes) / (each.seconds - each.firstSeconds)).toFixed(0),
      of((each) => each.firstSeconds * 1000).toFixed(0),
      of((each) => megabytes / each.processorSeconds).toFixed(0),
      Math.max(...rounds.map((each) => each.peakRss)).toFixed(1),
      of((each) => each.getinfoSeconds * 1000).toFixed(0),
    ]);
  }
  console.log(
    `${await machineLine()}; Python ${version}; ${values.rows} rows, ${megabytes.toFixed(1)} MB, ${chunks.length} chunks; medians\n${table}`,
  );
} finally {
  peer.kill("SIGTERM");
  await rm(folder, { recursive: true });
}

/** One search. The clock runs from the first chunk to the last reply. */
async function measure({ python, source, command, back, program }: Side, address: string): Promise<Seen> {
  await using splunkd = await playSplunkd({ python, source, bridge: { address, token: "bench" }, users: { alice: ["bridge_engineer"] } });
  // What splunkd keeps running, it has started by the time that the clock runs.
  await splunkd.search({ command: "compute algorithm=parts method=apply", chunks: chunksOf(1, 1) });
  const { facts, ...process } = await splunkd.prepare({ command });
  const asked = { ...process, command: program ?? process.command, getinfo: getinfo(facts) };
  const rows = { rows: join(folder, "rows"), sizes: chunks.map((each) => each.length) };
  const pipes = promisify(execFile)(python, [join(import.meta.dirname, "splunk/pipes.py")]);
  pipes.child.stdin?.end(JSON.stringify({ ...asked, ...rows }));
  const { stdout } = await pipes;
  const seen = Seen.parse(JSON.parse(stdout));
  const isRight = { same: seen.isSame, quoted: seen.returned > megabytes * 0.95e6, dropped: seen.returned > 0 }[back];
  if (!isRight) throw new Error(`${command}: ${seen.returned} bytes came back, and not as they should`);
  return seen;
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

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBridge } from "../growth/bridge.ts";
import { endOnInterrupt } from "../growth/interrupt.ts";
import { picturesFolder, picturesPython } from "../growth/pictures-python.ts";
import { startSender } from "../growth/sender.ts";
import { startGenerator } from "../load/generator.ts";
import { machineLine } from "../machine.ts";
import { root } from "../places.ts";
import { busiestDuring, processorMsOf, pythonsOf } from "./busy.ts";
import { flameGraph } from "./flame.ts";
import { inspectable, openInspector } from "./inspector.ts";
import { renewed } from "./page.ts";
import { sampleWorker } from "./sampler.ts";
import { ALGORITHM, scenesOf, trainingRows } from "./scene.ts";
import { stacksOfServer } from "./stacks.ts";
import { type Profiled, tableOf } from "./table.ts";
import { timeline } from "./timeline/timeline.ts";

// `npm run bench:profile`: follows a call from step to step, samples server and worker under each scene, draws flame graphs
// into docs/pictures and renews the tables in docs/performance.md.
const WARM_UP_SECONDS = 3;

const { values } = parseArgs({ options: { seconds: { type: "string", default: "8" } } });
const seconds = Number(values.seconds);
const say = (text: string): void => console.error(`profile  ${text}`);
const machine = await machineLine();
const folder = await mkdtemp(join(tmpdir(), "profile-"));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(folder, { recursive: true, force: true }));
endOnInterrupt();

say("one row, step by step");
const steps = await timeline(join(folder, "timeline"));
const python = await picturesPython();
const generator = stack.use(startGenerator());
const sender = stack.use(startSender());
const home = join(folder, "home");
const bridge = stack.use(await startBridge(home, inspectable));
await bridge.add([ALGORITHM]);
await bridge.fit(ALGORITHM, trainingRows());

const scenes = scenesOf({ bridge, generator, sender });
say("warm up");
// On many connections the most calls: code is compiled by how often it runs.
for (const { run } of scenes.toReversed()) await run(WARM_UP_SECONDS);

const figures: Pick<Profiled, "title" | "unit" | "serverMs" | "workerMs">[] = [];
for (const { title, unit, run } of scenes) {
  say(`${title}: processor time`);
  figures.push({ title, unit, ...(await processorMsOf(bridge.pid, () => run(seconds))) });
}

const profiled: Profiled[] = [];
await using inspector = await openInspector(bridge.pid, `${home}.log`);
for (const [index, { id, title, run }] of scenes.entries()) {
  say(`${title}: samples`);
  const figure = figures[index];
  if (!figure) throw new Error(`There are no figures of ${title}.`);
  // Of several workers each scene may use others.
  const worker = await busiestDuring(await pythonsOf(bridge.pid), () => run(WARM_UP_SECONDS));
  await inspector.start();
  const [, workerStacks] = await Promise.all([run(seconds + 1), sampleWorker(python, worker, seconds, folder)]);
  const each = { ...figure, server: stacksOfServer(await inspector.stop()), worker: workerStacks };
  profiled.push(each);
  await writeFile(join(picturesFolder, `profile-server-${id}.svg`), await flameGraph(each.server, `Server: ${title}`));
  await writeFile(join(picturesFolder, `profile-worker-${id}.svg`), await flameGraph(each.worker, `Worker: ${title}`));
}

const text = `Measured by \`npm run bench:profile\` on ${machine}; Node ${process.versions.node}.\n\n${tableOf(profiled)}`;
console.log(`${text}\n\n${steps}`);
const page = join(root, "docs/performance.md");
const withProfile = renewed(await readFile(page, "utf8"), "profile", `\n${text}\n`);
await writeFile(page, renewed(withProfile, "timeline", `\n${steps}\n`));

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { callPath, casesOf, startBridge } from "../../growth/bridge.ts";
import { Connection } from "../../load/connection.ts";
import { modelsPython } from "../../places.ts";
import { startFloorWithWorker } from "../../sides/floor.ts";
import { keepAwake } from "./awake.ts";
import { Moments, stepsOf } from "./moments.ts";
import { type Timed, tableOf } from "./table.ts";

const ALGORITHM = "timed";
const TURNS = 10;
const CALLS_A_TURN = 500;
/** Turns until all code is compiled. */
const WARM_UP_TURNS = 8;
const WRITE_SECONDS = 10;

const Noted = z.array(z.tuple([z.string(), z.number()]));

/**
 * One row by one connection, step by step: a table of medians in microseconds, as the machine is and with cores that are kept awake,
 * beside the whole call of the floor. The sides take turns.
 *
 * @param folder made for it
 * @throws Error for a wrong answer, or when too few calls were seen whole
 */
export async function timeline(folder: string): Promise<string> {
  await mkdir(folder);
  const file = join(folder, "moments.json");
  const imported = pathToFileURL(join(import.meta.dirname, "in-server.ts")).href;
  await using bridge = await startBridge(join(folder, "home"), { NODE_OPTIONS: `--import ${imported}`, TIMELINE: file });
  await using floor = await startFloorWithWorker({ folder, python: modelsPython, train: { a: "", b: "" } });
  await bridge.add([ALGORITHM], ALGORITHM);
  const { url, headers } = bridge.target;
  const [call] = casesOf([ALGORITHM]);
  if (!call) throw new Error("There is no case.");
  using toBridge = new Connection(url);
  using toFloor = new Connection(floor.url);
  const asked = toBridge.bytesOf("POST", call.path, headers, call.body);
  const askedFloor = toFloor.bytesOf("POST", "/", {}, call.body);

  async function measured(turns: number): Promise<{ moments: Moments; bridgeMs: number[]; floorMs: number[] }> {
    const [moments, bridgeMs, floorMs]: [Moments, number[], number[]] = [new Moments(), [], []];
    for (let turn = 0; turn < turns; turn++) {
      for (let count = 0; count < CALLS_A_TURN; count++) floorMs.push((await toFloor.send(askedFloor)).ms);
      for (let count = 0; count < CALLS_A_TURN; count++) {
        moments.note("sent");
        const { ms, status, body } = await toBridge.send(asked);
        moments.note("answered");
        bridgeMs.push(ms);
        if (status !== 200 || body.toString() !== call?.results) throw new Error(`The bridge answers ${status}: ${body}`);
      }
    }
    return { moments, bridgeMs, floorMs };
  }
  async function measuredAwake(): ReturnType<typeof measured> {
    await using _ = keepAwake(modelsPython, folder);
    return await measured(TURNS);
  }

  await measured(WARM_UP_TURNS);
  const both = [await measured(TURNS), await measuredAwake()];
  await (await fetch(url + callPath(ALGORITHM, "summary"), { method: "POST", headers })).text();
  process.kill(bridge.pid, "SIGUSR2");
  const others = (await Promise.all([file, join(folder, "home/notebooks/moments.json")].map(momentsIn))).flat();
  const timed = both.map(({ moments, bridgeMs, floorMs }): Timed => {
    const calls = stepsOf([...moments.all, ...others]);
    if (calls.length < bridgeMs.length / 2) throw new Error(`Of ${bridgeMs.length} calls the steps of ${calls.length} were seen.`);
    return { calls, bridgeMs, floorMs };
  });
  return tableOf(timed);
}

/** What another process wrote, or is about to write. */
async function momentsIn(file: string): Promise<z.infer<typeof Noted>> {
  for (const end = performance.now() + WRITE_SECONDS * 1000; ; await sleep(200)) {
    try {
      return Noted.parse(JSON.parse(await readFile(file, "utf8")));
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}

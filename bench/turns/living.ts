import { setTimeout as pause } from "node:timers/promises";
import { median, percentile } from "../summary.ts";
import { type Turn, type TurnParts, turnOf } from "./turn.ts";

/** First calls of new versions and new workers that a turn asks for. */
const FIRST_CALLS = 5;

/** Of notebooks whose outputs are many MB. */
const LARGE_SAVES = 12;

/** Between two saves: nobody saves sooner. */
const SAVE_PAUSE_MS = 200;

/** How long what was saved takes to be what is called: with a pause before each save, and, told apart, where each comes at once. */
export async function takeSaved({ side, way, form, measure: { outputsMb = 0 } }: TurnParts): Promise<Turn> {
  if (!side.saved) throw new Error(`${way.name} tells no saves.`);
  const took: number[] = [];
  const atOnce: number[] = [];
  const saves = outputsMb > 0 ? LARGE_SAVES : form.saves;
  for (let save = 0; save < saves; save++) {
    await pause(SAVE_PAUSE_MS);
    took.push(await side.saved(outputsMb));
  }
  for (let save = 0; save < saves / 2; save++) atOnce.push(await side.saved(outputsMb));
  return turnOf({
    ...{ "p50 ms": percentile(took, 50), "p99 ms": percentile(took, 99), saves: took.length },
    "p50 ms, each at once": percentile(atOnce, 50),
  });
}

/** Saves that follow each other sooner than they become live. */
export async function takeKept({ side, way, form }: TurnParts): Promise<Turn> {
  if (!side.kept) throw new Error(`${way.name} tells no saves.`);
  const began = performance.now();
  const { lost, torn, saves, versions } = await side.kept(Math.ceil(form.keptSaves / form.largeRounds));
  return turnOf({ "lost or torn": lost + torn, saves, versions, seconds: (performance.now() - began) / 1000 });
}

/** First calls: of a version that has just become live, and of a worker whose predecessor died. */
export async function takeStarts({ side, way }: TurnParts): Promise<Turn> {
  if (!side.starts) throw new Error(`${way.name} tells nothing of its workers.`);
  const { starts } = side;
  const versions: number[] = [];
  const workers: number[] = [];
  for (let call = 0; call < FIRST_CALLS; call++) {
    versions.push(await starts.firstCallOfVersion());
    workers.push(await starts.firstCallOfWorker());
  }
  return turnOf({
    "new version ms": median(versions),
    "new worker ms": median(workers),
    "warm process s": starts.warmSeconds,
    "idle worker MB": median(await starts.workersMb()),
  });
}

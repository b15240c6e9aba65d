import type { Log } from "#contract/edges.ts";
import { sweepUnwritten } from "../../notebook-exporter/write.ts";
import { sweepAnswers } from "./answers-kept.ts";
import { finishDatasets, sweepDatasets } from "./datasets.ts";
import type { BridgeHome } from "./home.ts";
import { type IsLeft, markedBy } from "./left-behind.ts";
import { sweepModelFolders } from "./models.ts";
import { sweepRemovals } from "./removals.ts";
import type { RemovalStore } from "./removed-files.ts";
import { sweepSpool } from "./spool.ts";

/**
 * Removes what bridges that have ended left unfinished, before any call: all there is where the home has one bridge. Where
 * several share it, what belongs to one that ended, now and whenever one ends; this does not keep the start waiting.
 */
export async function sweepHome(home: BridgeHome, store: RemovalStore, log: Log): Promise<void> {
  const { bridges } = store;
  if (bridges.own === null) return await sweep(home, store, () => true, log);
  const sweepOrWarn = (isLeft: IsLeft) =>
    sweep(home, store, isLeft, log).catch((error: unknown) =>
      log.warn({ err: error }, "what a bridge left unfinished could not all be removed"),
    );
  bridges.onGone((gone) => void sweepOrWarn((name) => markedBy(name) === gone));
  void sweepOrWarn((name) => {
    const bridge = markedBy(name);
    return bridge === undefined || bridges.isGone(bridge);
  });
}

async function sweep(home: BridgeHome, store: RemovalStore, isLeft: IsLeft, log: Log): Promise<void> {
  await sweepRemovals(home, store, isLeft, log);
  await sweepUnwritten(home.model, isLeft);
  await sweepModelFolders(home, isLeft);
  await sweepDatasets(home, isLeft);
  await finishDatasets(home, store);
  await sweepSpool(home.spool, isLeft);
  await sweepAnswers(home.answers, isLeft);
}

import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Clock, Log } from "#contract/edges.ts";
import { Conflict } from "#contract/errors.ts";
import { nameKey } from "#contract/names.ts";
import { nameOf } from "../../notebook-exporter/claims.ts";
import { statOf } from "../../notebook-exporter/file-state.ts";
import { listNotebooks } from "../../notebook-exporter/folder.ts";
import type { Store } from "../store/store.ts";
import type { Exporting } from "./exported-text.ts";
import { findAlgorithm } from "./find-algorithm.ts";
import type { BridgeHome } from "./home.ts";
import { keepCopy, parseNotebook, type ReadFile, readNotebookFile, type WritingJupyter, writeNotebook } from "./notebook-file.ts";
import type { NotebookVersions } from "./notebook-versions.ts";
import type { Publisher } from "./publisher.ts";

/** How long a client waits until its notebook is live or refused: heavy libraries take long to import. */
const PUBLISHED_WITHIN_MS = 60_000;
/** Below the notebooks folder: what was replaced. Hidden, so that nothing in there is an algorithm. */
const REPLACED = ".replaced";

/** The notebooks of DLTK's deployments: one each, the notebook of the algorithm that the deployment's address names. */
export interface DeploymentNotebooks {
  /** The notebook as it lies there, and its version; undefined when there is none. */
  read(deployment: string): Promise<{ readonly bytes: Buffer; readonly version: number } | undefined>;
  /**
   * Makes a client's notebook the deployment's, as version + 1, and waits until it is live or refused.
   *
   * @returns the exported Python text
   * @throws BadCall for what is no notebook; Conflict for one that would take the place of an edit that the client has not
   * seen: the notebook that lies there stays as it is then; JupyterFailed
   */
  replace(deployment: string, version: number, body: Buffer): Promise<string>;
  /** Somebody saved a notebook. @param path absolute, or relative to the notebooks folder */
  saved(path: string): void;
}

export interface DeploymentNotebooksParts {
  readonly store: Pick<Store, "algorithms" | "events">;
  readonly home: BridgeHome;
  readonly versions: NotebookVersions;
  readonly jupyter: WritingJupyter | undefined;
  readonly publisher: Pick<Publisher, "saved" | "settled">;
  readonly exporting: Exporting;
  readonly clock: Clock;
  readonly log: Log;
}

export async function deploymentNotebooks(parts: DeploymentNotebooksParts): Promise<DeploymentNotebooks> {
  const { store, home, versions, jupyter, publisher, exporting, clock, log } = parts;
  const root = await realpath(home.notebooks);
  // One at a time: a save that is heard of while a client's notebook is being written is that very write.
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };

  const look = (name: string): void => {
    if (!versions.find(name)) return;
    alone(async () => {
      const found = await readNotebookFile(join(root, (await placeOf(name)).path));
      if (found) await versions.count(name, found.stat);
    }).catch((error: unknown) => log.warn({ err: error, algorithm: name }, "a save could not be counted for DLTK"));
  };
  store.events.subscribe(({ kind, subject }) => {
    if (kind === "version.live" || kind.startsWith("algorithm.")) look(subject);
  });

  return {
    read: (deployment) =>
      alone(async () => {
        const { name, path } = await placeOf(deployment);
        const found = await readNotebookFile(join(root, path));
        if (!found) return undefined;
        const { version } = await versions.count(name, found.stat);
        await versions.tell(name);
        return { bytes: found.bytes, version };
      }),

    async replace(deployment, version, body) {
      const notebook = parseNotebook(body);
      const hash = createHash("sha256").update(body).digest("hex");
      const { name, path } = await alone(async () => {
        const place = await placeOf(deployment);
        const file = join(root, place.path);
        const found = await readNotebookFile(file);
        const before = found && (await versions.count(place.name, found.stat));
        if (before?.sent?.hash === hash && before.sent.version === before.version && before.version === version + 1) return place;
        if (before && (version < before.version || before.told < before.version)) throw unseen(place.path, before.version, version);
        if (!found || !isDeepStrictEqual(found.notebook, notebook)) {
          if (found && before?.sent?.version !== before?.version) await keep(place.name, before?.version ?? 0, found);
          await writeNotebook(root, place.path, notebook, found?.stat, jupyter);
        }
        const stat = await statOf(file);
        if (!stat) throw new Conflict(`${place.path} was removed while it was written.`, "Send the notebook again.");
        await versions.put(place.name, stat, version + 1, hash);
        return place;
      });
      publisher.saved(join(root, path));
      await publisher.settled(name, { notebook: path, isLive: true }, PUBLISHED_WITHIN_MS);
      return await exporting(name, path, notebook);
    },

    saved: (path) => look(nameOf(path)),
  };

  /** The algorithm that a deployment's name or title means, and its notebook: the one that is there, or is to be made. */
  async function placeOf(deployment: string): Promise<{ name: string; path: string }> {
    const all = await listNotebooks(root);
    const named = (name: string) => all.filter((each) => nameKey(nameOf(each)) === nameKey(name)).sort();
    const here = named(deployment);
    const algorithm = await findAlgorithm(store.algorithms, deployment);
    const known = here.length > 0 || !algorithm ? here : named(algorithm.name);
    const path = known.find((each) => each === algorithm?.notebook) ?? known[0];
    return path === undefined ? { name: deployment, path: `${deployment}.ipynb` } : { name: nameOf(path), path };
  }

  /** Nothing that people made is lost: an edit made here stays beside, although the client's notebook is the newer one. */
  async function keep(name: string, version: number, { bytes }: ReadFile): Promise<void> {
    const file = join(root, REPLACED, `${name} ${version} ${clock.now().replaceAll(":", "-")}.ipynb`);
    await keepCopy(file, bytes);
    log.warn({ algorithm: name, version, kept: file }, "a DLTK client's notebook takes the place of an edit made here, which was kept");
  }
}

function unseen(path: string, version: number, sent: number): Conflict {
  return new Conflict(
    `${path} was saved here meanwhile: it is version ${version} now, and version ${sent} was made without knowing that.`,
    "Nothing was changed. GET the notebook and its version again, then decide which of the two to keep.",
  );
}

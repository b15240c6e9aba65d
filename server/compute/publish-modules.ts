import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Algorithm } from "#contract/algorithm.ts";
import type { Clock } from "#contract/edges.ts";
import type { Manifest } from "#contract/manifest.ts";
import { nameKey } from "#contract/names.ts";
import { holdsBack, type Problem } from "#contract/problem.ts";
import type { Check } from "../../notebook-exporter/answer.ts";
import { claims, nameOf } from "../../notebook-exporter/claims.ts";
import type { Exported } from "../../notebook-exporter/export.ts";
import { contentOfModule, exportModule } from "../../notebook-exporter/module.ts";
import { listModules, type ModulePlace, mainOf, moduleAt, readModule } from "../../notebook-exporter/module-files.ts";
import type { Files, FindSibling } from "../../notebook-exporter/siblings.ts";
import type { BegunVersion } from "../../notebook-exporter/write.ts";
import type { Store } from "../store/store.ts";
import type { BridgeHome } from "./home.ts";
import type { Republish } from "./republish.ts";
import { stays } from "./superseded.ts";

const IGNORED = "module-ignored";
const CLAIMED = "name-claimed-twice";

/** What a version is made of: a notebook, or (null) a module of that name. */
export interface Source {
  readonly name: string;
  readonly notebook: string | null;
}

/** What else is known of a save that is taken in. */
export interface Taking {
  readonly content: string;
  /** When the work on it began, in ticks. */
  readonly began: number;
  /** Its version, where that is written already. */
  readonly begun?: BegunVersion | undefined;
  /** Whether it is what lies there still. */
  isCurrent(): Promise<boolean>;
}

/** Modules that people or deployments lay into `app/model/`: each is an algorithm, or a library that others import. */
export interface PublishModules {
  /** A module lies there: laid in, or what a notebook's export wrote. */
  laid(place: ModulePlace, files: Files): Promise<void>;
  /** It is gone: its last live version serves on, unless something else of that name waits. */
  removed(place: ModulePlace): Promise<void>;
  /** It cannot be taken as it is. */
  refused(place: ModulePlace, problem: Problem): Promise<void>;
}

/** How anything that was saved goes live, or does not (publish.ts). */
interface Publishing {
  /** False when a newer save replaced it meanwhile. */
  take(source: Source, exported: Exported, taking: Taking): Promise<boolean>;
  hold(source: Source, problems: Problem[], content: string): Promise<void>;
  put(algorithm: Algorithm): Promise<void>;
  isPublished(known: Algorithm, content: string): Promise<boolean>;
  /** One after the other for a name, on whichever bridge. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Something that had the name is gone. */
  again(name: string): Promise<void>;
  readonly republish: Republish;
  /** Notebooks of that name are told again: a module has it now. */
  retellNotebooks(name: string): Promise<void>;
}

interface Parts extends Publishing {
  readonly store: Store;
  readonly home: BridgeHome;
  readonly check: Check;
  readonly siblings: FindSibling;
  readonly clock: Clock;
  readonly notebooks: () => Iterable<string>;
}

export function publishModulesWith({ store, home, check, siblings, clock, notebooks, ...publishing }: Parts) {
  const { take, hold, put, isPublished, republish, inTurn, again, retellNotebooks } = publishing;

  return { laid, removed, refused, look, claim, beside };

  async function laid(place: ModulePlace, files: Files): Promise<void> {
    const isNew = await inTurn(place.name, () => decide(place, files));
    const heard = { source: `module ${place.name}`, content: contentOfModule(files) };
    await republish.importers(place.name, notebookOf(place.name) === undefined ? heard : undefined);
    if (isNew) await retellNotebooks(place.name);
  }

  /** @returns whether it was published, as it was not before */
  async function decide(place: ModulePlace, files: Files): Promise<boolean> {
    const { name } = place;
    const content = contentOfModule(files);
    // Another bridge may have published later files meanwhile; this one is told of those, too.
    if (store.bridges.own !== null && (await contentNow(place)) !== content) return false;
    const known = await store.algorithms.find(name);
    const live = await liveOf(known);
    if (known && live && (await isWritten(live, files))) return await tellIgnored(known, live);
    if (live?.notebook !== null && notebookOf(name) !== undefined) return known !== undefined && (await tellIgnored(known, live));
    // A notebook that came later is refused because of it, which its problems say.
    if (live && known?.notebook != null && known.content === content && known.problems.some(({ code }) => code === CLAIMED)) return false;
    const rival = claims(
      (await listModules(home.model)).map(({ entry }) => entry),
      (entry) => moduleAt(entry)?.name ?? entry,
    ).get(place.entry);
    if (rival) {
      await hold({ name, notebook: null }, [rival], "");
      return false;
    }
    const isNew = !known || !(await isPublished(known, content));
    const isAgain = await republish.isStale(name, known);
    if (!isNew && (known.notebook !== null || known.state !== "live")) await put({ ...known, notebook: null, state: "live" });
    if (!isNew && !isAgain) return false;
    return (await publishFiles(place, files, isNew ? undefined : known)) && isNew;
  }

  async function removed(place: ModulePlace): Promise<void> {
    await inTurn(place.name, async () => {
      const known = await store.algorithms.find(place.name);
      if (known?.notebook === null && known.state !== "missing") await put({ ...known, state: "missing" });
      else if (known && known.notebook !== null) await tellIgnored(known, await liveOf(known));
    });
    await again(place.name);
  }

  async function refused({ name }: ModulePlace, problem: Problem): Promise<void> {
    if (notebookOf(name) === undefined) await inTurn(name, () => hold({ name, notebook: null }, [problem], ""));
  }

  /** Takes in what lies there under a name. */
  async function look(name: string): Promise<void> {
    for (const place of await listModules(home.model)) {
      if (nameKey(place.name) !== nameKey(name)) continue;
      const read = await readModule(home.model, place);
      if (read) await ("problem" in read ? refused(place, read.problem) : laid(place, read.files));
    }
  }

  /** Why no notebook may have this name: a module that is live stands there. */
  async function claim(name: string): Promise<Problem | undefined> {
    if ((await liveOf(await store.algorithms.find(name)))?.notebook !== null) return undefined;
    const place = (await listModules(home.model)).find((each) => nameKey(each.name) === nameKey(name));
    if (!place) return undefined;
    return {
      severity: "error",
      code: CLAIMED,
      message: `The name "${name}" is claimed by the module app/model/${mainOf(place)} too, which was there first.`,
      hint: "Rename the notebook, or take the module away.",
    };
  }

  /** @param known it is published, and again because it is stale @returns false when newer files replaced these meanwhile */
  async function publishFiles(place: ModulePlace, files: Files, known: Algorithm | undefined): Promise<boolean> {
    const { name } = place;
    const began = clock.ticks();
    const exported = await exportModule(name, files, check, siblings);
    if (known && isLive(exported, known)) return true;
    const isCurrent = stays(() => contentNow(place), contentOfModule(files));
    if (!(await take({ name, notebook: null }, exported, { content: exported.content, began, isCurrent }))) return false;
    await republish.ifImportsAreOlder({ name, notebook: null }, exported, () => exportModule(name, files, check, siblings));
    return true;
  }

  async function liveOf(known: Algorithm | undefined): Promise<Manifest | undefined> {
    return known?.live ? (await store.versions.find(known.name, known.live))?.manifest : undefined;
  }

  /** Whether these files are what the live version's notebook was exported to. */
  async function isWritten({ name, version, file, notebook }: Manifest, files: Files): Promise<boolean> {
    const path = `app/model/${file}`;
    if (notebook === null || Object.keys(files).length !== 1 || typeof files[path] !== "string") return false;
    const written = await readFile(join(home.model, ".versions", name, version, path), "utf8").catch(() => undefined);
    return files[path] === written;
  }

  function notebookOf(name: string): string | undefined {
    return [...notebooks()].find((path) => nameKey(nameOf(path)) === nameKey(name));
  }

  /** Says which modules are there that a notebook of the same name keeps from running, and no others. */
  async function tellIgnored(known: Algorithm, live: Manifest | undefined): Promise<false> {
    const others = known.problems.filter((each) => each.code !== IGNORED);
    const problems = [...others, ...(await ignoredBeside(known.name, known.notebook, live))];
    if (!isDeepStrictEqual(problems, known.problems)) await put({ ...known, problems });
    return false;
  }

  /** Modules that a notebook keeps from running. @param live their like is what the notebook was exported to */
  async function ignoredBeside(name: string, notebook: string | null, live: Manifest | undefined): Promise<Problem[]> {
    const found: Problem[] = [];
    for (const place of await listModules(home.model)) {
      if (nameKey(place.name) !== nameKey(name)) continue;
      const read = await readModule(home.model, place);
      if (read && !(live && "files" in read && (await isWritten(live, read.files)))) found.push(ignored(place, notebook));
    }
    return found;
  }

  /** What to say of the modules beside a notebook whose version goes live. @param isFirst nothing was live before */
  async function beside(manifest: Manifest, isFirst: boolean): Promise<Problem[]> {
    const all = await ignoredBeside(manifest.name, manifest.notebook, manifest);
    return all
      .filter(({ file }) => isFirst || file !== manifest.file) // that is the export of the version before, or is told when it is not
      .map((each) => (each.file === manifest.file ? replaced(manifest) : each));
  }

  /** Undefined: it is gone, or is being written. */
  async function contentNow(place: ModulePlace): Promise<string | undefined> {
    const read = await readModule(home.model, place).catch(() => undefined);
    return read && "files" in read ? contentOfModule(read.files) : undefined;
  }
}

/** Whether an export made again is the version that is live: then nothing that it imports has another text. */
export function isLive({ manifest, problems }: Exported, { live }: Algorithm): boolean {
  return manifest !== undefined && manifest.version === live && !holdsBack(problems);
}

function ignored(place: ModulePlace, notebook: string | null): Problem {
  const file = mainOf(place);
  return {
    severity: "warning",
    code: IGNORED,
    file,
    message: `app/model/${file} was laid in or changed by hand, but the notebook ${notebook ?? "of that name"} has this name: calls run the notebook's code.`,
    hint: "Make the change in the notebook, or take the notebook away; its next save writes that file anew, and keeps a copy of yours in app/model/.replaced.",
  };
}

function replaced({ file, notebook }: Manifest): Problem {
  return {
    severity: "warning",
    code: "module-replaced",
    file,
    message: `app/model/${file} and the notebook ${notebook} claim one name; neither was live, so the notebook has it, and its export is that file now.`,
    hint: "Find the module in app/model/.replaced; rename it, or the notebook, to run both.",
  };
}

import { realpath } from "node:fs/promises";
import { relative, sep } from "node:path";
import type { Log } from "#contract/edges.ts";
import type { Problem } from "#contract/problem.ts";
import { type Hints, hintsBut } from "./hints.ts";
import { listModules, type ModulePlace, moduleAt, readModule, statesOf } from "./module-files.ts";
import { isAsSeen, type ModuleView, viewOf } from "./module-view.ts";
import { quickDevice } from "./quick-look.ts";
import type { Files } from "./siblings.ts";

/** How often all is looked through, in milliseconds. */
const SCAN_EVERY = 30_000;
const SCAN_WITHOUT_HINTS_EVERY = 1_000;
/** How long a module must lie still before it is read: half a copied file may well be Python. Milliseconds. */
const QUIET = 100;

export interface ModuleWatchOptions {
  /** The folder `app/model`. */
  readonly root: string;
  /** A module is there or has changed, each at the start, too. For one entry these calls come one after the other; the last content is always told. */
  onModule(place: ModulePlace, files: Files): Promise<void> | void;
  onGone(place: ModulePlace): Promise<void> | void;
  /** It cannot be taken as it is. */
  onRefused(place: ModulePlace, problem: Problem): Promise<void> | void;
  readonly log: Log;
  readonly hints?: Hints;
}

export interface ModuleWatcher {
  /** Resolves when what lies there now under this name has been told. Looks at the files first. */
  settled(name: string): Promise<void>;
  /** Whether a module is there and `settled` would have nothing to wait for. False also where that cannot be known at once. */
  isSettled(name: string): boolean;
  /** Tells the module of a name again although it did not change. */
  retell(name: string): void;
  /** Looks at every module; resolves when each that changed was touched. */
  scan(): Promise<void>;
  close(): Promise<void>;
}

/** Watches `app/model` for modules that people or deployments lay there. Resolves when changes from now on are seen. */
export async function watchModules({ hints = moduleHints, log, ...options }: ModuleWatchOptions): Promise<ModuleWatcher> {
  const root = await realpath(options.root);
  const device = quickDevice(root);
  const loops = new Map<string, ModuleLoop>();
  let closed = false;

  function loopOf(place: ModulePlace): ModuleLoop {
    const loop = loops.get(place.entry) ?? new ModuleLoop(root, place, { ...options, log, device });
    loops.set(place.entry, loop);
    return loop;
  }

  async function scan(): Promise<void> {
    for (const place of await listModules(root)) if (!closed) loopOf(place);
    for (const [entry, loop] of [...loops]) {
      await loop.look();
      if (loop.isIdle && !loop.isThere) loops.delete(entry);
    }
  }

  const scanOften = () => {
    clearInterval(timer);
    if (!closed) timer = setInterval(scanOrWarn, SCAN_WITHOUT_HINTS_EVERY).unref();
  };
  const scanOrWarn = () => scan().catch((error: unknown) => log.warn({ err: error }, "the folder of modules could not be looked through"));
  let timer = setInterval(scanOrWarn, SCAN_EVERY).unref();
  const hinting = await hints(
    root,
    (path) => {
      const [entry = ""] = relative(root, path).split(sep);
      const place = moduleAt(entry);
      if (place && !closed) loopOf(place).touch();
    },
    (error) => {
      log.warn({ err: error }, "watching the folder of modules failed: changes are looked for every second instead");
      scanOften();
    },
  );
  if (hinting.isBlind) scanOften();
  await scan();

  return {
    scan,
    async settled(name) {
      for (const place of [`${name}.py`, name].flatMap((entry) => moduleAt(entry) ?? [])) {
        if (closed) return;
        if (loops.has(place.entry) || (await statesOf(root, place)).size > 0) await loopOf(place).settled();
      }
    },
    isSettled(name) {
      const [file, folder] = [loops.get(`${name}.py`), loops.get(name)];
      const isThere = file?.isThere || folder?.isThere || false;
      return isThere && (file?.isSettled() ?? true) && (folder?.isSettled() ?? true);
    },
    retell(name) {
      if (!closed) for (const entry of [`${name}.py`, name]) loops.get(entry)?.retell();
    },
    async close() {
      closed = true;
      clearInterval(timer);
      await hinting.close();
      await Promise.all([...loops.values()].map((each) => each.close()));
    },
  };
}

const moduleHints = hintsBut((root, path, isFile) => {
  const [entry = "", ...inner] = relative(root, path).split(sep);
  if (entry === "") return false;
  if (!moduleAt(entry) || (isFile && inner.length === 0 && !entry.endsWith(".py"))) return true;
  return inner.some((each) => each.startsWith(".") || each === "__pycache__");
});

/** So often what changes while it is told is waited for. */
const MOST_RUNS = 3;

const NOTHING: ModuleView = { text: "", parts: undefined };

interface LoopOptions extends Omit<ModuleWatchOptions, "hints"> {
  /** The root's, if what lies there can be looked at at once. */
  readonly device: bigint | undefined;
}

/** One module: looked at until it lies still, then told. */
class ModuleLoop {
  readonly #root: string;
  readonly #place: ModulePlace;
  readonly #options: LoopOptions;
  /** The state that was told last, and when that was seen last; its text is empty when it is not there. */
  #told: ModuleView = NOTHING;
  #failed = false;
  #dirty = false;
  #isToRetell = false;
  #closed = false;
  #running: Promise<void> | undefined;

  constructor(root: string, place: ModulePlace, options: LoopOptions) {
    this.#root = root;
    this.#place = place;
    this.#options = options;
  }

  get isThere(): boolean {
    return this.#told.text !== "";
  }

  get isIdle(): boolean {
    return this.#running === undefined;
  }

  touch(): void {
    this.#dirty = true;
    if (!this.#closed)
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
        if (this.#dirty) this.touch();
      });
  }

  /** Has it told again, if it is there. */
  retell(): void {
    this.#isToRetell = true;
    this.touch();
  }

  async look(): Promise<void> {
    if (this.#failed || !(await this.#isTold())) this.touch();
  }

  async settled(): Promise<void> {
    if (this.isIdle && this.#failed) this.touch();
    // What changed while it was told is told by another run. One that changes all the time is waited for no longer.
    for (let run = 0; run < MOST_RUNS; run++) {
      await this.#running;
      if (this.#closed || (await this.#isTold())) return;
      this.touch();
    }
    await this.#running;
  }

  /** Whether what lies there now has been told, found out at once. False also where that cannot be, or nothing is there. */
  isSettled(): boolean {
    return this.isIdle && !this.#failed && isAsSeen(this.#told);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#dirty && !this.#closed) {
      this.#dirty = false;
      const state = await this.#state();
      const isSame = state.text === this.#told.text;
      const isAgain = this.#isToRetell && state.text !== "";
      this.#isToRetell = false;
      if (isSame && !this.#failed && !isAgain) continue;
      if (!isSame || this.#failed) await new Promise((resolve) => setTimeout(resolve, QUIET));
      if ((await this.#state()).text !== state.text) this.#dirty = true;
      else await this.#tell(state);
    }
  }

  async #tell(state: ModuleView): Promise<void> {
    const { onModule, onGone, onRefused, log } = this.#options;
    try {
      const read = state.text === "" ? undefined : await readModule(this.#root, this.#place);
      if ((await this.#state()).text !== state.text) {
        this.#dirty = true;
        return;
      }
      if (!read) await onGone(this.#place);
      else if ("problem" in read) await onRefused(this.#place, read.problem);
      else await onModule(this.#place, read.files);
      this.#told = state;
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      this.#told = state;
      log.error({ err: error, module: this.#place.entry }, "a module's change could not be taken in");
    }
    if ((await this.#state()).text !== state.text) this.#dirty = true;
  }

  /** Folders change without a module's files: with that they are as they were seen again. */
  async #isTold(): Promise<boolean> {
    const { text } = this.#told;
    const now = await this.#state();
    if (now.text !== text) return false;
    if (this.#told.text === text) this.#told = now;
    return true;
  }

  #state(): Promise<ModuleView> {
    return viewOf(this.#root, this.#place, this.#options.device);
  }
}

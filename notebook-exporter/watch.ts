import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import type { Clock, Log } from "#contract/edges.ts";
import type { Problem } from "#contract/problem.ts";
import type { FileStat } from "./file-state.ts";
import { insideOf, isNotebook, lookThrough } from "./folder.ts";
import { type Happened, type Hinting, type Hints, systemHints } from "./hints.ts";
import { NotebookLoop, type Reading } from "./loop.ts";
import { startParser } from "./parse.ts";
import { quickDevice, steadyDevice } from "./quick-look.ts";
import { type Look, look, stateAt } from "./reader.ts";
import { timing as measured, type Timing } from "./timing.ts";
import { inTurns } from "./turns.ts";

/** How often all is looked through, in milliseconds: network disks and bind mounts send no notifications. */
const SCAN_EVERY = 30_000;
const SCAN_WITHOUT_HINTS_EVERY = 1_000;
/** How long the content of a path that is gone is remembered, in milliseconds of the clock. */
const RENAME_WITHIN = 1_000;
const OPEN_AT_ONCE = 16;
/** Of notebooks from this size on, in bytes, one at a time is in memory. */
const LONG = 8 * 2 ** 20;
/** How often the folder itself is looked at, and what has a problem. */
const PULSE_EVERY = 1_000;

export interface WatchOptions {
  /** The notebooks folder. */
  readonly root: string;
  /**
   * A notebook is there or has changed: each at the start, too. `path` is relative to the root, with slashes.
   * For one path these calls come one after the other; the last content is always told, never the same twice in a row.
   * `renamedFrom` is a path that held this content and is gone: onGone for it comes as well, before or after.
   */
  onNotebook(path: string, read: Reading & { readonly renamedFrom?: string }): Promise<void> | void;
  /** What was read, and may be torn still; unless it is, the same object comes to onNotebook within a moment; null: it came to nothing. For work that can be thrown away. */
  onLook?(path: string, notebook: unknown): void;
  onGone(path: string): Promise<void> | void;
  /** It is there and cannot be read: no JSON, no right to read it, a link out of the folder. */
  onUnreadable(path: string, problem: Problem): Promise<void> | void;
  readonly log: Log;
  readonly clock: Clock;
  /** For tests. */
  readonly hints?: Hints;
  readonly timing?: Partial<Timing> & { readonly scan?: number; readonly scanWithoutHints?: number; readonly pulse?: number };
}

export interface Watcher {
  /** A notebook (absolute, or relative to the root) may have changed. Vouched: it is known to be whole, so no quiet window. */
  touch(path: string, options?: { vouched?: boolean }): void;
  /** A notebook's path relative to the root, with slashes; undefined for what is none of the folder's. */
  inside(path: string): string | undefined;
  /** Resolves when what lies at `path` now has been told. Looks at the file first: a change not yet seen counts. */
  settled(path: string): Promise<void>;
  /** Whether `settled` would have nothing to wait for. False also where that cannot be known at once. */
  isSettled(path: string): boolean;
  /** The state of the file that was told last. */
  seen(path: string): FileStat | undefined;
  /** The notebooks that are there, as far as was seen; those that were listed and not yet looked at are among them. */
  list(): string[];
  /** One look at a notebook, apart from what is told. */
  look(path: string): Promise<Look>;
  /** Tells a notebook again although it did not change. */
  retell(path: string): void;
  /** What is left out of the folder and why: a sentence each. */
  leftOut(): readonly string[];
  /** Looks at every file; resolves when each that changed was touched. */
  scan(): Promise<void>;
  close(): Promise<void>;
}

/** Watches a folder of notebooks. Resolves when changes from now on are seen and those that are there were touched. */
export async function watchNotebooks(options: WatchOptions): Promise<Watcher> {
  const { log, clock, hints = systemHints } = options;
  let root = await realpath(options.root);
  let identity = await identityOf(root);
  let device = quickDevice(root);
  let steady = steadyDevice(root);
  let leftOut: readonly string[] = [];
  const loops = new Map<string, NotebookLoop>();
  /** Content and time of what went away lately, by path. */
  const departed = new Map<string, { content: string; at: number }>();
  const parser = startParser();
  const turns = { short: inTurns(OPEN_AT_ONCE), long: inTurns(1) };
  let closed = false;

  function loopOf(path: string): NotebookLoop {
    const found = loops.get(path);
    if (found) return found;
    let at = { root, path: join(root, path) };
    const loop: NotebookLoop = new NotebookLoop({
      get root() {
        return root;
      },
      get path() {
        if (at.root !== root) at = { root, path: join(root, path) };
        return at.path;
      },
      get steady() {
        return steady;
      },
      parse: parser.parse,
      clock,
      log,
      turn: (bytes, work) => (bytes < LONG ? turns.short : turns.long)(work),
      timing: { ...measured, ...options.timing },
      onLook: (notebook) => options.onLook?.(path, notebook),
      async onReading(reading) {
        departed.delete(path);
        const renamedFrom = loop.seen ? undefined : await formerPath(path, reading.content);
        await options.onNotebook(path, { ...reading, ...(renamedFrom === undefined ? {} : { renamedFrom }) });
      },
      async onGone() {
        if (loop.content) departed.set(path, { content: loop.content, at: clock.ticks() });
        await options.onGone(path);
      },
      onUnreadable: async (problem) => options.onUnreadable(path, problem),
    });
    loops.set(path, loop);
    return loop;
  }

  /** The path that held this content and does not exist any more, whether or not that was seen already. */
  async function formerPath(path: string, content: string): Promise<string | undefined> {
    for (const [former, { content: its, at }] of departed) {
      if (clock.ticks() - at > RENAME_WITHIN) departed.delete(former);
      else if (its === content) {
        departed.delete(former);
        return former;
      }
    }
    for (const [former, loop] of loops) {
      if (former !== path && loop.content === content && !(await stateAt(root, join(root, former)))) return former;
    }
    return undefined;
  }

  function inside(path: string): string | undefined {
    const given = isAbsolute(path) && !path.startsWith(root + sep) ? relative(options.root, path) : path;
    return insideOf(root, given);
  }

  function touch(path: string, { vouched = false } = {}): void {
    const notebook = inside(path);
    if (notebook !== undefined && !closed) loopOf(notebook).touch(vouched);
  }

  /** From the system: a folder that is gone tells nothing of the files in it, and a link's target nothing of the link. */
  function touchAll(path: string): void {
    if (isNotebook(path)) touch(path);
    const folder = `${relative(root, path).split(sep).join("/")}/`;
    for (const [each, loop] of loops) {
      if (each.startsWith(folder)) loop.touch();
      else if (loop.isLink) void loop.scan();
    }
  }

  /** What begins at a name may be whole at once; what is written to says so when it is over, too. */
  function happened(path: string, what: Happened): void {
    const loop = closed ? undefined : loops.get(insideOf(root, path) ?? "");
    loop?.arrival.happened(what);
    if (what === "named") loop?.touch();
  }

  async function scan(): Promise<void> {
    const found = await lookThrough(root);
    tellLeftOut(found.leftOut);
    for (const each of found.notebooks) if (!closed) loopOf(each);
    for (const [path, loop] of [...loops]) {
      await loop.scan();
      if (!loop.mayBeThere && !loop.isRunning && loops.get(path) === loop) loops.delete(path);
    }
  }

  function tellLeftOut(now: readonly string[]): void {
    for (const each of now) if (!leftOut.includes(each)) log.warn({}, `Not watched: ${each}`);
    leftOut = now;
  }

  /** The folder itself may be replaced, mounted over or mounted again: then the system's notifications are of the old one. */
  async function pulse(): Promise<void> {
    for (;;) {
      const [real, now] = [await realpath(options.root).catch(() => root), await identityOf(options.root)];
      if (closed) return;
      // What was looked through may have been another one again: it is looked at once more.
      if (real === root && now === identity) break;
      [root, identity, device, steady] = [real, now, quickDevice(real), steadyDevice(real)];
      log.warn({ root }, now === undefined ? "the notebooks folder is gone" : "the notebooks folder is another one now");
      await hinting.close();
      hinting = await hints(root, touchAll, onHintsFailed, happened);
      if (closed) return await hinting.close();
      await scan();
    }
    for (const loop of loops.values()) await loop.retry();
  }

  const {
    scan: interval = SCAN_EVERY,
    scanWithoutHints = SCAN_WITHOUT_HINTS_EVERY,
    pulse: pulseEvery = PULSE_EVERY,
  } = options.timing ?? {};
  const orWarn = (work: () => Promise<void>) => {
    let running = false;
    return () => {
      if (running || closed) return;
      running = true;
      work()
        .catch((error: Error) => log.warn({ error: error.message }, "the notebooks folder could not be scanned"))
        .finally(() => {
          running = false;
        });
    };
  };
  const scanOrWarn = orWarn(scan);
  let timer = setInterval(scanOrWarn, interval).unref();
  let isBlind = false;
  const scanOften = () => {
    if (isBlind || closed) return;
    isBlind = true;
    clearInterval(timer);
    timer = setInterval(scanOrWarn, scanWithoutHints).unref();
  };
  const onHintsFailed = (error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    log.warn({ error: error instanceof Error ? error.message : String(error) }, "watching the notebooks folder failed");
    if (isBlind || closed || (code !== "ENOSPC" && code !== "EMFILE" && code !== "ENFILE")) return;
    log.warn({}, "changes of notebooks are looked for every second instead: raise fs.inotify.max_user_watches and start again");
    scanOften();
  };
  let hinting: Hinting = await hints(root, touchAll, onHintsFailed, happened);
  if (hinting.isBlind) scanOften();
  await scan();
  const pulsing = setInterval(orWarn(pulse), pulseEvery).unref();

  return {
    touch,
    inside,
    scan,
    async settled(path) {
      const notebook = inside(path);
      if (notebook !== undefined && !closed) await loopOf(notebook).settled();
    },
    isSettled(path) {
      const loop = loops.get(path);
      return loop !== undefined && !closed && loop.isSettled(device);
    },
    seen(path) {
      const notebook = inside(path);
      return notebook === undefined ? undefined : loops.get(notebook)?.seen;
    },
    list: () => [...loops].filter(([, loop]) => loop.mayBeThere).map(([path]) => path),
    look: (path) => turns.short(() => look(root, join(root, path), parser.parse)),
    retell(path) {
      if (!closed) loopOf(path).retell();
    },
    leftOut: () => leftOut,
    async close() {
      closed = true;
      clearInterval(timer);
      clearInterval(pulsing);
      await hinting.close();
      await Promise.all([...loops.values()].map((each) => each.close()));
      await parser.close();
    },
  };
}

/** Changes when another folder takes the place; undefined when there is none. */
async function identityOf(root: string): Promise<string | undefined> {
  return stat(root, { bigint: true }).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => undefined,
  );
}

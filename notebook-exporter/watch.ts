import { realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import type { Clock, Log } from "#contract/edges.ts";
import type { Problem } from "#contract/problem.ts";
import { insideOf, listNotebooks } from "./folder.ts";
import { type Hints, systemHints } from "./hints.ts";
import { timing as measured, NotebookLoop, type Reading, type Timing } from "./loop.ts";
import { startParser } from "./parse.ts";
import { type FileStat, statOf } from "./reader.ts";
import { inTurns } from "./turns.ts";

/** How often all is looked through, in milliseconds: network disks and bind mounts send no notifications. */
const SCAN_EVERY = 30_000;
const SCAN_WITHOUT_HINTS_EVERY = 1_000;
/** How long the content of a path that is gone is remembered, in milliseconds of the clock. */
const RENAME_WITHIN = 1_000;
const OPEN_AT_ONCE = 16;

export interface WatchOptions {
  /** The notebooks folder. */
  readonly root: string;
  /**
   * A notebook is there or has changed: each at the start, too. `path` is relative to the root, with slashes.
   * For one path these calls come one after the other; the last content is always told, never the same twice in a row.
   * `renamedFrom` is a path that held this content and is gone: onGone for it comes as well, before or after.
   */
  onNotebook(path: string, read: Reading & { readonly renamedFrom?: string }): Promise<void> | void;
  onGone(path: string): Promise<void> | void;
  /** It is no JSON and lies still. */
  onUnreadable(path: string, problem: Problem): Promise<void> | void;
  readonly log: Log;
  readonly clock: Clock;
  /** For tests. */
  readonly hints?: Hints;
  readonly timing?: Partial<Timing> & { readonly scan?: number; readonly scanWithoutHints?: number };
}

export interface Watcher {
  /** A notebook (absolute, or relative to the root) may have changed. Vouched: it is known to be whole, so no quiet window. */
  touch(path: string, options?: { vouched?: boolean }): void;
  /** Resolves when what lies at `path` now has been told. Looks at the file first: a change not yet seen counts. */
  settled(path: string): Promise<void>;
  /** The state of the file that was told last. */
  seen(path: string): FileStat | undefined;
  /** The notebooks that are there, as far as was seen. */
  list(): string[];
  /** Looks at every file; resolves when each that changed was touched. */
  scan(): Promise<void>;
  close(): Promise<void>;
}

/** Watches a folder of notebooks. Resolves when changes from now on are seen and those that are there were touched. */
export async function watchNotebooks(options: WatchOptions): Promise<Watcher> {
  const { log, clock, hints = systemHints } = options;
  const root = await realpath(options.root);
  const loops = new Map<string, NotebookLoop>();
  /** Content and time of what went away lately, by path. */
  const departed = new Map<string, { content: string; at: number }>();
  const parser = startParser();
  const turn = inTurns(OPEN_AT_ONCE);
  let closed = false;

  function loopOf(path: string): NotebookLoop {
    const found = loops.get(path);
    if (found) return found;
    const loop: NotebookLoop = new NotebookLoop({
      path: join(root, path),
      parse: parser.parse,
      clock,
      log,
      turn,
      timing: { ...measured, ...options.timing },
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
      if (former !== path && loop.content === content && !(await statOf(join(root, former)))) return former;
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

  /** From the system: a folder that is gone tells nothing of the files in it. */
  function touchAll(path: string): void {
    touch(path);
    const folder = `${relative(root, path).split(sep).join("/")}/`;
    for (const [each, loop] of loops) if (each.startsWith(folder)) loop.touch();
  }

  async function scan(): Promise<void> {
    const paths = await listNotebooks(root);
    for (const each of paths) if (!closed) loopOf(each);
    for (const [path, loop] of [...loops]) {
      await loop.scan();
      if (!loop.seen && !loop.isRunning && loops.get(path) === loop) loops.delete(path);
    }
  }

  const { scan: interval = SCAN_EVERY, scanWithoutHints = SCAN_WITHOUT_HINTS_EVERY } = options.timing ?? {};
  const scanOrWarn = () => scan().catch((error: Error) => log.warn({ error: error.message }, "the notebooks folder could not be scanned"));
  let timer = setInterval(scanOrWarn, interval).unref();
  let isBlind = false;
  const hinting = await hints(root, touchAll, (error) => {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    log.warn({ error: error instanceof Error ? error.message : String(error) }, "watching the notebooks folder failed");
    if (isBlind || closed || (code !== "ENOSPC" && code !== "EMFILE" && code !== "ENFILE")) return;
    isBlind = true;
    log.warn({}, "changes of notebooks are looked for every second instead: raise fs.inotify.max_user_watches and start again");
    clearInterval(timer);
    timer = setInterval(scanOrWarn, scanWithoutHints).unref();
  });
  await scan();

  return {
    touch,
    scan,
    async settled(path) {
      const notebook = inside(path);
      if (notebook !== undefined && !closed) await loopOf(notebook).settled();
    },
    seen(path) {
      const notebook = inside(path);
      return notebook === undefined ? undefined : loops.get(notebook)?.seen;
    },
    list: () => [...loops].filter(([, loop]) => loop.seen).map(([path]) => path),
    async close() {
      closed = true;
      clearInterval(timer);
      await hinting.close();
      await Promise.all([...loops.values()].map((each) => each.close()));
      await parser.close();
    },
  };
}

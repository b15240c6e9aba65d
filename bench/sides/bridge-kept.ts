import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { notebookFrom, saveNotebook } from "./bridge-home.ts";
import type { Kept } from "./side.ts";

const ROWS = "a,b,c,d\n1.5,2.5,3.5,4.5\n";
/** Notebooks that are saved beside each other. */
const names = ["kept_a", "kept_b", "kept_c"];
/** Saves of a notebook that follow each other, before its last is looked for. */
const BURST = 5;
const LIVE_SECONDS = 20;
const ASK_AGAIN_MS = 10;

export interface KeptParts {
  readonly home: string;
  /** Applies an algorithm without a model; its results. @throws Error with what the bridge said */
  call(algorithm: string, rows: string): Promise<string>;
}

/**
 * Saves each notebook in bursts, every other time in place and in two writes, a few milliseconds apart. What was saved says
 * its number where it begins and where it ends, so that a version of two saves shows.
 */
export function keptBy({ home, call }: KeptParts): (saves: number) => Promise<Kept> {
  let number = 0;
  /** Whether the last of a burst became what is called. */
  const burst = async (name: string): Promise<boolean> => {
    let last = 0;
    for (let save = 0; save < BURST; save++) {
      last = ++number;
      await sleep((last * 7) % 40);
      const change = (source: string) => numbered(source, last);
      if (last % 2 === 0) await writeInPlace(home, name, JSON.stringify(await notebookFrom("trivial", change)));
      else await saveNotebook(home, name, { from: "trivial", change });
    }
    for (const end = performance.now() + LIVE_SECONDS * 1000; performance.now() < end; await sleep(ASK_AGAIN_MS)) {
      const results = await call(name, ROWS).catch(() => "");
      if (results.includes(`4.5,${last},${last}\n`)) return true;
    }
    return false;
  };
  return async (saves) => {
    const bursts = Math.ceil(saves / BURST / names.length);
    const kept = await Promise.all(
      names.map(async (name) => {
        let lost = 0;
        for (let each = 0; each < bursts; each++) if (!(await burst(name))) lost++;
        return lost;
      }),
    );
    const sources = (await Promise.all(names.map((name) => versionsOf(home, name)))).flat();
    const lost = kept.reduce((sum, each) => sum + each, 0);
    return { saves: bursts * BURST * names.length, lost, torn: sources.filter(isTorn).length, versions: sources.length };
  };
}

function numbered(source: string, number: number): string {
  const begun = source.replace("\n\n\ndef ", `\n\nBEGIN = ${number}\n\n\ndef `);
  return `${begun.replace("    return df\n", "    return df.assign(begin=BEGIN, end=END)\n")}\nEND = ${number}\n`;
}

function isTorn(source: string): boolean {
  const [begin, end] = [/^BEGIN = (\d+)$/m, /^END = (\d+)$/m].map((line) => line.exec(source)?.[1]);
  return begin === undefined || begin !== end;
}

async function writeInPlace(home: string, name: string, content: string): Promise<void> {
  await using file = await open(join(home, "notebooks", `${name}.ipynb`), "w");
  const half = Math.floor(content.length / 2);
  await file.write(content.slice(0, half));
  await file.write(content.slice(half));
}

/** The sources of all versions that are kept. */
async function versionsOf(home: string, name: string): Promise<string[]> {
  const folder = join(home, "app/model/.versions", name);
  const versions = await readdir(folder).catch(() => []);
  return Promise.all(versions.map((version) => readFile(join(folder, version, "app/model", `${name}.py`), "utf8")));
}

import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Stack } from "./stacks.ts";

const folder = join(import.meta.dirname, "flame");

/** A call in V8's older form of profiles, which the library reads. */
interface Call {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly id: number;
  hitCount: number;
  readonly children: Call[];
}

type Draw = (lines: readonly string[], options: Readonly<Record<string, unknown>>) => string;

/** A flame graph as an SVG picture. Its library is installed into a folder of its own, once. */
export async function flameGraph(stacks: readonly Stack[], title: string): Promise<string> {
  const draw = await library();
  let id = 0;
  const call = (functionName: string): Call => ({
    functionName,
    scriptId: "0",
    url: "",
    lineNumber: 0,
    id: id++,
    hitCount: 0,
    children: [],
  });
  const head = call("(root)");
  for (const { frames, count } of stacks) {
    let at = head;
    for (const frame of frames) {
      const found = at.children.find(({ functionName }) => functionName === frame);
      const next = found ?? call(frame);
      if (!found) at.children.push(next);
      at = next;
    }
    at.hitCount += count;
  }
  const drawn = draw([JSON.stringify({ typeName: "CPUProfile", head, startTime: 0, endTime: 0 })], {
    inputtype: "cpuprofile",
    titletext: title,
    internals: true,
    minwidth: 2,
    removenarrows: true,
  });
  return asPicture(drawn);
}

/** Without scripts, which run in no picture of a page and make the library's text no XML. What a frame is stays its title. */
export function asPicture(svg: string): string {
  return svg
    .replaceAll(/<script[\s\S]*?<\/script>/g, "")
    .replaceAll(/\s(?:on\w+|data-[\w-]+)="[^"]*"/g, "")
    .replaceAll(" samples), ", " samples, ");
}

async function library(): Promise<Draw> {
  const require = createRequire(join(folder, "package.json"));
  const lock = await readFile(join(folder, "package-lock.json"), "utf8");
  const stamp = join(folder, "node_modules/.bench-stamp");
  if ((await readFile(stamp, "utf8").catch(() => "")) !== lock) {
    await promisify(execFile)("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder });
    await writeFile(stamp, lock);
  }
  return require("flamegraph");
}

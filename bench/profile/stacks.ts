import { z } from "zod";
import { root } from "../places.ts";

/** Where a stack was: its frames from the outermost to the innermost, and how often. */
export interface Stack {
  readonly frames: readonly string[];
  readonly count: number;
}

/** What V8's inspector gives for `Profiler.stop`. */
export const CpuProfile = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.int() }),
      hitCount: z.int().default(0),
      children: z.array(z.int()).default([]),
    }),
  ),
});
export type CpuProfile = z.infer<typeof CpuProfile>;

/** Frames as `function file:line`. Idle time is left out. */
export function stacksOfServer({ nodes }: CpuProfile): readonly Stack[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const stacks: Stack[] = [];
  const [first] = nodes;
  const open = first ? [{ id: first.id, frames: [] as readonly string[] }] : [];
  for (let next = open.pop(); next; next = open.pop()) {
    const node = byId.get(next.id);
    if (!node) continue;
    const { functionName, url, lineNumber } = node.callFrame;
    if (functionName === "(idle)") continue;
    const place = url === "" ? "" : ` ${shortPath(url.replace("file://", ""))}:${lineNumber + 1}`;
    const frames = functionName === "(root)" ? next.frames : [...next.frames, `${functionName || "(anonymous)"}${place}`];
    if (node.hitCount > 0 && frames.length > 0) stacks.push({ frames, count: node.hitCount });
    for (const id of node.children) open.push({ id, frames });
  }
  return stacks;
}

/** Stacks of py-spy's raw form: `outer (file:line);inner (file:line) count` a line. Lines of one function are one frame. */
export function stacksOfWorker(raw: string): readonly Stack[] {
  const counts = new Map<string, number>();
  for (const line of raw.split("\n").filter(Boolean)) {
    const [, stack = "", count = "0"] = /^(.*) (\d+)$/.exec(line) ?? [];
    const frames = stack
      .split(";")
      .map((frame) => frame.replace(/^(.*) \((.*?)(?::\d+)?\)$/, (_, name, file) => `${name} ${shortPath(file)}`));
    const key = frames.join(";");
    counts.set(key, (counts.get(key) ?? 0) + Number(count));
  }
  return Array.from(counts, ([key, count]) => ({ frames: key.split(";"), count }));
}

function shortPath(path: string): string {
  return path
    .replace(`${root}/`, "")
    .replace(/^.*\/(?:node_modules|site-packages|lib\/python3\.\d+)\//, "")
    .replace(/^runtimes\/python\//, "");
}

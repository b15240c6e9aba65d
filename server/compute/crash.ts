import { WorkerLost } from "#contract/errors.ts";
import type { Manifest } from "#contract/manifest.ts";
import { type PlacedCell, placeOf } from "./failures.ts";

/** How a worker's last words about its stack begin (PROTOCOL.md, Start and end). */
const STACK = "(most recent call first):";
const frameOf = /File "(.+)", line (\d+)/;
/** CPython writes what is not ASCII so. */
const escaped = /\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/g;

/** A lost worker with what its code was doing: the cell and line where it ended, and what the call had printed. */
export function placedLoss(lost: WorkerLost, manifest: Manifest | undefined, printed: readonly string[]): WorkerLost {
  const lines = [...printed, lost.lastLines].filter((each) => each !== "").join("\n");
  return new WorkerLost(lost.how, lines, manifest && placeOfCrash(lost, manifest));
}

/** The innermost frame of a dead worker's stack that is the version's own; undefined when it left none. */
export function placeOfCrash({ lastLines }: WorkerLost, manifest: Manifest): PlacedCell | undefined {
  const stack = lastLines.slice(lastLines.lastIndexOf(STACK)).split("\n");
  if (!stack[0]?.startsWith(STACK)) return undefined;
  const folder = `/.versions/${manifest.name}/${manifest.version}/`;
  for (const text of stack) {
    const [, path = "", line = ""] = frameOf.exec(text) ?? [];
    const [, file] = unescaped(path).split(folder);
    if (file !== undefined) return placeOf({ file, line: Number(line) }, manifest);
  }
  return undefined;
}

function unescaped(path: string): string {
  return path.replaceAll(escaped, (_, ...codes: (string | undefined)[]) =>
    String.fromCodePoint(Number.parseInt(codes.slice(0, 3).find(Boolean) ?? "", 16)),
  );
}

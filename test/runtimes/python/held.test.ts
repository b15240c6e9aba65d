import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

/** Prints whether rows that came in pieces of many lengths are whole, what of them lies in memory, and the same where files may take no more than 1,000 bytes. */
const SCRIPT = `
import json, random, resource, signal, sys
sys.path.insert(0, "runtimes/python")
from worker.held import Held

def held(in_memory):
    of = random.Random(1)
    rows, wanted, most = Held(in_memory), b"", 0
    for _ in range(200):
        piece = of.randbytes(of.randrange(100))
        rows.add(piece)
        wanted += piece
        most = max(most, sum(map(len, rows._pieces)))
    is_whole = rows.whole() == wanted
    rows.add(b"more")
    is_whole = is_whole and rows.whole() == wanted + b"more" and rows.whole() == wanted + b"more"
    rows.drop()
    return [is_whole, most <= in_memory, rows.whole() == b""]

free = [held(300), held(1 << 20)]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
print(json.dumps([*free, held(300)]))
`;

it("rows that are held for another reader are whole wherever they lie, also on a disk that is full", () => {
  const said = JSON.parse(execFileSync(python, ["-c", SCRIPT], { encoding: "utf8" }));
  expect(said).toEqual([
    [true, true, true],
    [true, true, true],
    [true, false, true],
  ]);
});

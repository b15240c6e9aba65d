import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

const worker = join(import.meta.dirname, "../../../runtimes/python");

/** Sends frames of several calls, cut anywhere, to a worker; prints each call's answer as it is when nothing is sent ahead, and how often all were different. */
const SCRIPT = `
import json, os, random, socket, sys, threading
sys.path.insert(0, ${JSON.stringify(worker)})
from worker.frames import CALL, CANCEL, DONE, END, ERROR, HEADER, SEGMENT, TABLE, Wire, to_json
from worker.interrupts import Interrupts
from worker.folders import WorkingFolder
from worker.logs import Log
from worker.beginnings import Beginning
from worker.calls import Session
from worker.randomness import Seeds
from worker.rehearsal import Nowhere, call_of, imported
from worker.serve import Worker
from worker.unattended import Unattended

def framed(kind, payload=b""):
    return HEADER.pack(kind, len(payload)) + payload

def call(*rows, types=None, end=END, **more):
    frames = [framed(*each) if isinstance(each, tuple) else framed(TABLE, each) for each in rows]
    return framed(CALL, to_json({**call_of(types), **more})) + b"".join(frames) + framed(end)

floats = {"a": "float64", "b": "float64"}
row = b"a,b\\n1.5,2.5\\n"
many = b"a,b\\n" + b"1.5,2.25\\n" * 40_000
calls = [
    call(row, types=floats),
    call(b"a,b\\nx,y\\n", b"1,2\\n", b"3,4\\n", types=floats),  # no floats: fails before its rows have ended
    call(row),
    call(row, types=floats, end=CANCEL),
    call(many, types=floats),  # a frame longer than what is received at once
    call(*(b"a,b\\n" if at == 0 else b"0.5,1.5\\n" * 9000 for at in range(5)), types=floats),  # blocks, by threads
    call(b"a,b\\n1,2\\n", (SEGMENT, b""), b"a,c\\n3,4\\n", output={"format": "csv", "append": True}),
    call(b"a,b\\n1,x\\n", method="absent"),
    call(row, types=floats),
]
late = framed(CANCEL)  # of a call that has been answered

answered = threading.Semaphore(0)

def answers(pieces):
    near, far = socket.socketpair()
    seeds = Seeds()
    with seeds.watch():
        module = imported()
    worker = Worker(Wire(far), Interrupts(), Log(lambda *_: None), lambda: None, None, WorkingFolder([os.getcwd()]))
    worker.serve_calls_of(Session(module, worker._interrupts, Nowhere(), Beginning(seeds), Unattended()))
    found = []
    def serve():
        try:
            while True:
                worker.answer()
                worker.make_ready()
        except EOFError:
            pass
    thread = threading.Thread(target=serve)
    thread.start()
    bridge = Wire(near)
    threading.Thread(target=lambda: [near.sendall(piece) for piece in pieces]).start()
    answer = []
    while len(found) < len(calls):
        kind, payload = bridge.frame()
        if kind == TABLE:
            answer.append(payload.partition(b"\\n")[2] if answer else payload)
        elif kind in (DONE, ERROR):
            said = json.loads(payload)
            found.append([b"".join(answer).decode(), said.get("rows") or [said["phase"], said["type"]]])
            answered.release()
            answer = []
    near.shutdown(socket.SHUT_WR)
    thread.join()
    far.close()
    assert near.recv(1) == b"", "more was sent than was asked for"
    return found

def alone():
    for each in calls:
        yield each + late
        answered.acquire()

def cut(data, chance):
    at = 0
    while at < len(data):
        size = chance.choice([1, 5, 7, 700, 1 << 18, 1 << 20])
        yield data[at : at + size]
        at += size

# signals are the main thread's; nobody sends any here
import worker.interrupts as interrupts
interrupts.signal.alarm = lambda _: 0
interrupts.Interrupts.end_call = lambda self: setattr(self, "_in_call", False)
wanted = answers(alone())
differing = sum(answers(cut(b"".join(each + late for each in calls), random.Random(seed))) != wanted for seed in range(8))
differing += answers([b"".join(calls)]) != wanted
print(json.dumps([[each[0][:30], each[1]] for each in wanted] + [differing]))
`;

it("calls that are sent ahead are answered as if each had come after the answer to the one before, wherever what comes is cut", () => {
  const rows = (count: number) => ({ received: count, used: count, returned: count });
  expect(JSON.parse(execFileSync(python, ["-c", SCRIPT], { encoding: "utf8", timeout: 60_000 }))).toEqual([
    ["a,b\n1.5,2.5\n", rows(1)],
    ["", ["parse", "BadRows"]],
    ["a,b\n1.5,2.5\n", rows(1)],
    ["", ["apply", "Cancelled"]],
    [expect.stringMatching(/^a,b\n1\.5,2\.25\n/), rows(40_000)],
    [expect.stringMatching(/^a,b\n0\.5,1\.5\n/), rows(36_000)],
    ["a,b,c\n1,2.0,\n3,,4.0\n", rows(2)],
    ["", ["apply", "AttributeError"]],
    ["a,b\n1.5,2.5\n", rows(1)],
    0,
  ]);
});

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

const script = `
import random, signal, socket, sys, threading, time
sys.path.insert(0, sys.argv[1])
from worker import frames
from worker.frames import Wire

class Interrupt(Exception): pass

def interrupt(*_):
    raise Interrupt

signal.signal(signal.SIGALRM, interrupt)
random.seed(7)
for most in (64, 5000, frames.RECEIVE_BYTES):
    frames.RECEIVE_BYTES, frames.SMALL_BYTES, frames.HELD_BYTES = most, most // 3, most // 2
    near, far = socket.socketpair()
    sender, receiver = Wire(near), Wire(far)
    lengths = [0, 1, most - 6, most - 5, most - 4, most, most + 1, 2 * most, 3 * most + 7, *(random.randrange(most) for _ in range(9))]
    sent = [(random.choice(b"TSPEXVDF"), random.randbytes(random.choice(lengths))) for _ in range(400)]

    def send():
        for kind, payload in sent:
            cut = random.randrange(len(payload) + 1)
            sender.send(kind, payload[:cut], memoryview(payload)[cut:])

    sending = threading.Thread(target=send)
    sending.start()
    for wanted in sent:
        assert receiver.frame() == wanted
    sending.join()
    near.close()
    try:
        receiver.frame()
        raise AssertionError
    except EOFError:
        pass
    far.close()

# What came of a long frame before an interrupt is there after it.
near, far = socket.socketpair()
receiver = Wire(far)
payload = random.randbytes(3 * frames.RECEIVE_BYTES)
frame = frames.HEADER.pack(frames.TABLE, len(payload)) + payload
ends = (3, frames.RECEIVE_BYTES + 9, len(frame))
for begin, cut in zip((0, *ends), ends):
    sending = threading.Thread(target=near.sendall, args=(frame[begin:cut],))
    sending.start()
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        assert receiver.frame() == (frames.TABLE, payload) and cut == len(frame)
    except Interrupt:
        assert cut < len(frame)
    signal.setitimer(signal.ITIMER_REAL, 0)
    sending.join()

# A signal that comes while the system has taken a part: the rest follows.
signal.signal(signal.SIGALRM, lambda *_: None)
got = []
def take():
    for _ in range(12):
        time.sleep(0.02)
        got.append(receiver.frame())
taking = threading.Thread(target=take)
taking.start()
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
sender = Wire(near)
for _ in range(12):
    sender.send(frames.TABLE, payload[:7], memoryview(payload)[7:300_000], payload[300_000:])
signal.setitimer(signal.ITIMER_REAL, 0)
taking.join()
assert got == [(frames.TABLE, payload)] * 12
`;

it("receives frames of every length as they were sent, however they come and whatever interrupts", () => {
  const runtime = join(import.meta.dirname, "../../../runtimes/python");
  expect(execFileSync(python, ["-c", `${script}\nprint("done")`, runtime], { encoding: "utf8" })).toBe("done\n");
});

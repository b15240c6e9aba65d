// A worker that speaks the protocol with code of its own, and misbehaves when asked to.
// Flags: --fail-import, --hang-import, --slow-import (300 ms), --never-connect. Methods: see `methods`. `param` is JSON.
import { spawn } from "node:child_process";
import { createConnection } from "node:net";

const flags = new Set(process.argv.slice(2));
console.error("the fixture worker starts");
if (flags.has("--never-connect")) setInterval(() => {}, 1000);
else connect();

function connect() {
  const socket = createConnection(process.env.COMPUTE_BRIDGE_SOCKET);
  socket.on("close", () => process.exit(0));
  socket.on("error", () => process.exit(0));
  let buffer = Buffer.alloc(0);
  let call; // the call under way, until it is answered
  let isOpen = false; // whether the input of the last call may go on
  let isInterrupted = false; // by an X: the SIGINT that comes with it may be told of when the next call is here
  let rows = 0;
  let hoarded;
  const loads = [];

  const frame = (kind, payload) => {
    const head = Buffer.alloc(5);
    head.write(kind);
    head.writeUInt32BE(payload.length, 1);
    const wait = !socket.write(Buffer.concat([head, payload]));
    if (wait) {
      socket.pause();
      socket.once("drain", () => socket.resume());
    }
  };
  const json = (kind, value) => frame(kind, Buffer.from(JSON.stringify(value)));
  const log = (text) => json("V", { event: "log", level: "info", text });
  const answer = (kind, value) => {
    clearTimeout(call?.timer);
    call = undefined;
    json(kind, value);
  };
  const done = () =>
    answer("D", {
      rows: { received: rows, used: rows, returned: rows },
      seconds: { loading: 0, computing: 0 },
      device: "cpu",
      signature: null,
      modelWasLoaded: null,
      summary: String(process.pid),
      modelText: null,
      notes: [],
    });
  const fail = (type, message, phase = "apply") => answer("F", { phase, type, message, file: null, line: null, traceback: "" });

  /** What happens when the input has ended. `echo` sends rows back at once, `early` fails before. */
  const methods = {
    echo: done,
    sleep() {
      call.timer = setTimeout(done, JSON.parse(call.param).ms);
    },
    print() {
      log("one");
      log("two");
      done();
    },
    chatty() {
      done();
      setTimeout(() => log("late"), 5);
    },
    env() {
      log(JSON.stringify({ env: process.env, folder: process.cwd() }));
      done();
    },
    hoard() {
      hoarded = Buffer.alloc(JSON.parse(call.param).bytes, 1);
      log(String(hoarded.length));
      done();
    },
    /** Of a model named `slow` never, until it is interrupted; of one named `broken` it fails. */
    load() {
      loads.push(call.model.key);
      if (call.model.name === "slow") call.timer = setTimeout(() => {}, 1e9);
      else if (call.model.name === "broken") fail("FileNotFoundError", "no file", "load");
      else done();
    },
    loads() {
      log(loads.join());
      done();
    },
    fail: () => fail("ValueError", "no"),
    crash: () => process.kill(process.pid, "SIGSEGV"),
    exit() {
      console.error("the last line");
      process.exit(3);
    },
    spin() {
      for (;;);
    },
    /** Computes when rows come. */
    grind: done,
    /** Does not answer, and when interrupted answers as if nothing were. */
    stubborn() {
      call.timer = setTimeout(() => {}, 1e9);
    },
    hangUp() {
      socket.removeAllListeners("close");
      socket.destroy();
      setInterval(() => {}, 1000);
    },
    babble: () => socket.write("no frame at all"),
    /** A child of the same session, and one of another that only its parent leads to. */
    children() {
      for (const detached of [false, true]) log(String(spawn("sleep", ["1000"], { stdio: "ignore", detached }).pid));
      done();
    },
    childThenCrash() {
      log(String(spawn("sleep", ["1000"], { stdio: "ignore" }).pid));
      setTimeout(() => process.kill(process.pid, "SIGSEGV"), 50);
    },
  };
  const cancelled = () => {
    if (!call) return;
    if (call.method === "stubborn") done();
    else fail("Cancelled", "");
  };
  process.on("SIGINT", () => {
    if (!isInterrupted) cancelled();
    isInterrupted = false;
  });

  const take = (kind, payload) => {
    // The bridge must never send these out of turn.
    if ((kind === "C") === isOpen && kind !== "X") process.exit(9);
    isOpen = kind === "C" || kind === "T";
    if (kind === "C") {
      call = JSON.parse(payload.toString());
      rows = 0;
      if (call.method === "early") fail("KeyError", "at once");
    } else if (kind === "T" && call) {
      rows += payload.length;
      if (call.method === "echo") frame("T", payload);
      if (call.method === "grind") for (const end = Date.now() + JSON.parse(call.param).ms; Date.now() < end; );
    } else if (kind === "E" && call) methods[call.method]();
    else if (kind === "X") {
      isInterrupted = call !== undefined;
      cancelled();
    }
  };
  socket.on("data", (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 5 && buffer.length >= 5 + buffer.readUInt32BE(1)) {
      const end = 5 + buffer.readUInt32BE(1);
      take(String.fromCharCode(buffer[0]), buffer.subarray(5, end));
      buffer = buffer.subarray(end);
    }
  });
  socket.once("connect", () => {
    if (flags.has("--fail-import")) {
      fail("ImportError", "no such module", "import");
      socket.end(() => process.exit(1));
    } else if (!flags.has("--hang-import")) {
      const ready = () => json("V", { event: "ready", pid: process.pid, uncallable: {}, entryPoints: ["apply"] });
      if (flags.has("--slow-import")) setTimeout(ready, 300);
      else ready();
    }
  });
}

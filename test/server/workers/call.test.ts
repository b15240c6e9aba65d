import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rows } from "#contract/call.ts";
import { Cancelled } from "#contract/errors.ts";
import type { Environment } from "../../../server/environments/environment.ts";
import { localEnvironment } from "../../../server/environments/local/environment.ts";
import { WorkerLink } from "../../../server/workers/call.ts";
import { callOf, descendants, fixtureSpec, isAlive, keeping, never, quiet, until } from "./fixture.ts";

const rows = Buffer.from("a\n1\n");

describe("a call to a worker", () => {
  let environment: Environment;
  beforeAll(() => {
    environment = localEnvironment({ log: quiet });
  });
  afterAll(async () => {
    await environment[Symbol.asyncDispose]();
    expect(descendants()).toEqual([]);
  });

  const open = async () => {
    const link = new WorkerLink(await environment.start(fixtureSpec()));
    await link.ready;
    return link;
  };
  const echo = async (link: WorkerLink, input: Rows) => {
    const kept = keeping();
    await link.call(callOf("echo"), input, kept.sink, never);
    return kept.text();
  };

  it("brings rows there and back: none, few, whole and large, in pieces, empty pieces among them", async () => {
    const link = await open();
    expect(await echo(link, Buffer.alloc(0))).toBe("");
    expect(await echo(link, rows)).toBe("a\n1\n");
    const large = Buffer.from(Array.from({ length: 600_000 }, (_, n) => n).join("\n"));
    expect(await echo(link, large)).toBe(large.toString());
    expect(await echo(link, pieces(Buffer.from("a\n"), Buffer.alloc(0), large))).toBe(`a\n${large}`);
    await link.worker.kill();
  });

  it("tells what the code printed, in order", async () => {
    const link = await open();
    const kept = keeping();
    await link.call(callOf("print"), rows, kept.sink, never);
    expect(kept.logs()).toEqual(["one", "two"]);
    await link.worker.kill();
  });

  it("tells the error of the code, and the worker lives on", async () => {
    const link = await open();
    await expect(link.call(callOf("fail"), rows, keeping().sink, never)).rejects.toMatchObject({
      name: "WorkerFailed",
      error: { type: "ValueError", message: "no" },
    });
    expect(await echo(link, rows)).toBe("a\n1\n");
    await link.worker.kill();
  });

  it("does not wait for the rest of the rows after an early error, and stays in step", async () => {
    const link = await open();
    let isTold = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(100_000);
      } finally {
        isTold = true;
      }
    }
    await expect(link.call(callOf("early"), endless(), keeping().sink, never)).rejects.toMatchObject({ error: { type: "KeyError" } });
    await until(() => isTold);
    expect(await echo(link, rows)).toBe("a\n1\n");
    await link.worker.kill();
  });

  it("stops the work when it is cancelled, and the worker takes the next call", async () => {
    const link = await open();
    const abort = new AbortController();
    const call = link.call(callOf("sleep", { ms: 1e8 }), rows, keeping().sink, abort.signal);
    abort.abort(new Cancelled());
    await expect(call).rejects.toBeInstanceOf(Cancelled);
    expect(link.isUsable).toBe(true);
    expect(await echo(link, rows)).toBe("a\n1\n");
    await link.worker.kill();
  });

  it("sends no rows after the cancel frame, though a piece was half sent", async () => {
    const link = await open();
    const abort = new AbortController();
    let isSlow = true;
    const sink = { event() {}, table: () => (isSlow ? new Promise<void>(() => {}) : undefined) };
    const call = link.call(callOf("echo"), pieces(Buffer.alloc(40 * 2 ** 20)), sink, abort.signal);
    await until(() => link.worker.stream.writableNeedDrain);
    abort.abort(new Cancelled());
    isSlow = false;
    await expect(call).rejects.toBeInstanceOf(Cancelled);
    expect(await echo(link, rows)).toBe("a\n1\n");
    await link.worker.kill();
  });

  it("ends a worker that does not stop", async () => {
    const link = await open();
    const abort = new AbortController();
    const call = link.call(callOf("spin"), rows, keeping().sink, abort.signal);
    setTimeout(() => abort.abort(new Cancelled()), 50);
    await expect(call).rejects.toBeInstanceOf(Cancelled);
    expect(link.isUsable).toBe(false);
    expect(isAlive(link.worker.pid)).toBe(false);
  });

  it("trusts no worker that answered although it was interrupted", async () => {
    const link = await open();
    const abort = new AbortController();
    const call = link.call(callOf("stubborn"), rows, keeping().sink, abort.signal);
    setTimeout(() => abort.abort(new Cancelled()), 50);
    await expect(call).rejects.toBeInstanceOf(Cancelled);
    expect(link.isUsable).toBe(false);
    await link.worker.kill();
  });

  const gone = new Error("the client went away");
  async function* broken() {
    yield rows;
    throw gone;
  }
  async function* endless() {
    for (;;) yield rows;
  }
  const throwing = () => {
    throw gone;
  };
  it.each<[string, () => AsyncIterable<Buffer>, () => void | Promise<void>]>([
    ["the rows throw", broken, () => {}],
    ["the sink throws", endless, throwing],
    ["the sink rejects with", endless, () => Promise.reject(gone)],
  ])("throws what %s, and lives on", async (_, input, table) => {
    const link = await open();
    await expect(link.call(callOf("echo"), input(), { event() {}, table }, never)).rejects.toBe(gone);
    expect(link.isUsable).toBe(true);
    expect(await echo(link, rows)).toBe("a\n1\n");
    await link.worker.kill();
  });

  it.each([
    ["crash", "it was killed by SIGSEGV"],
    ["exit", "it exited with code 3"],
    ["hangUp", "it closed its connection"],
    ["babble", "could not be understood"],
  ])("says how a worker was lost: %s", async (method, how) => {
    const link = await open();
    await expect(link.call(callOf(method), rows, keeping().sink, never)).rejects.toMatchObject({
      code: "WORKER_LOST",
      message: expect.stringContaining(how),
      details: { lastLines: expect.stringContaining(method === "exit" ? "the last line" : "the fixture worker starts") },
    });
    await link.worker.kill();
    await expect(link.call(callOf("echo"), rows, keeping().sink, never)).rejects.toMatchObject({ name: "WorkerLost" });
  });

  it("passes on what was said between calls to nobody", async () => {
    const link = await open();
    await link.call(callOf("chatty"), rows, keeping().sink, never);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await echo(link, rows)).toBe("a\n1\n");
    await link.worker.kill();
  });

  it("holds no more than buffers while 200 MB wait for a slow reader", async () => {
    const link = await open();
    const piece = Buffer.alloc(2 ** 20, "x");
    let sent = 0;
    let received = 0;
    let most = 0;
    let atOnce = 0;
    async function* many() {
      for (let n = 0; n < 200; n++) {
        sent += piece.length;
        most = Math.max(most, sent - received);
        yield piece;
      }
    }
    const sink = {
      event() {},
      async table(bytes: Buffer) {
        expect(++atOnce).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        received += bytes.length;
        atOnce--;
      },
    };
    await link.call(callOf("echo"), many(), sink, never);
    expect(received).toBe(200 * 2 ** 20);
    expect(most).toBeLessThan(24 * 2 ** 20);
    await link.worker.kill();
  });

  it("leaves no listener behind", async () => {
    const link = await open();
    const { stream } = link.worker;
    await echo(link, rows);
    const count = () => stream.eventNames().map((name) => [name, stream.listenerCount(name)]);
    const before = count();
    for (let n = 0; n < 30; n++) await echo(link, pieces(rows, Buffer.alloc(2 ** 21)));
    expect(count()).toEqual(before);
    await link.worker.kill();
  });
});

async function* pieces(...all: Buffer[]) {
  yield* all;
}

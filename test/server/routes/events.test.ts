import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Event } from "#contract/event.ts";
import { bearer, type TestApp, testApp } from "../plugins/app.ts";
import { algorithm } from "../store/store-suite.ts";

const put = ({ store }: TestApp, ...names: string[]) =>
  store.transaction(async (tx) => {
    for (const name of names) await tx.algorithms.put(algorithm(name));
  });

/** The stream as it comes: events, and what was written beside them. */
async function follow({ app }: TestApp, query = "", headers: Record<string, string> = {}) {
  if (!app.server.listening) await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as AddressInfo;
  const leave = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}/v1/events${query}`, {
    headers: { ...bearer, accept: "text/event-stream", ...headers },
    signal: leave.signal,
  });
  const blocks = blocksOf(response);
  const nextBlock = async () => (await blocks.next()).value;
  return {
    response,
    nextBlock,
    leave: () => leave.abort(),
    async next(): Promise<Event> {
      for (;;) {
        const block = await nextBlock();
        if (block === undefined) throw new Error("the stream has ended");
        const fields = new Map(
          block.split("\n").map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
        );
        const data = fields.get("data");
        if (data === undefined) continue;
        const event = Event.parse(JSON.parse(data));
        expect([fields.get("id"), fields.get("event")]).toEqual([String(event.number), event.kind]);
        return event;
      }
    },
  };
}

async function* blocksOf(response: Response): AsyncGenerator<string, undefined> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop()!;
    yield* blocks;
  }
  return undefined;
}

describe("events as a list", () => {
  it("come oldest first after the last that is known", async () => {
    await using test = await testApp();
    await put(test, "a", "b", "c");
    const list = async (query: string) =>
      (await test.app.inject({ url: `/v1/events${query}`, headers: bearer })).json().map(({ subject }: Event) => subject);
    expect(await list("")).toEqual(["a", "b", "c"]);
    expect(await list("?after=1&limit=1")).toEqual(["b"]);
    expect(await list("?after=3")).toEqual([]);
  });
});

describe("events as a stream", () => {
  it("are what happens from now on, without being asked for the past", async () => {
    await using test = await testApp();
    await put(test, "before");
    const stream = await follow(test);
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(stream.response.headers.get("cache-control")).toBe("no-store");
    expect(stream.response.headers.get("x-content-type-options")).toBe("nosniff");
    await put(test, "after");
    expect(await stream.next()).toMatchObject({ number: 2, subject: "after" });
    stream.leave();
  });

  it.each([
    ["?after=1", {}],
    ["", { "last-event-id": "1" }],
    ["?after=0", { "last-event-id": "1" }],
  ])("go on where a reader left: %j %j", async (query, headers) => {
    await using test = await testApp();
    await put(test, "a", "b");
    const stream = await follow(test, query, headers as Record<string, string>);
    expect(await stream.next()).toMatchObject({ subject: "b" });
    await put(test, "c");
    expect(await stream.next()).toMatchObject({ subject: "c" });
    stream.leave();
  });

  it.each([
    ["?after=9", {}],
    ["", { "last-event-id": "9" }],
  ])("tell a reader that knows more than has happened, and go on from now: %j %j", async (query, headers) => {
    await using test = await testApp();
    await put(test, "a", "b");
    const stream = await follow(test, query, headers as Record<string, string>);
    expect(await stream.nextBlock()).toBe("retry: 2000");
    expect(await stream.nextBlock()).toBe('id: 2\nevent: reset\ndata: {"asked":9,"newest":2}');
    await put(test, "c");
    expect(await stream.next()).toMatchObject({ number: 3, subject: "c" });
    stream.leave();
  });

  it("lose and double nothing while past and present meet", async () => {
    await using test = await testApp();
    const many = Array.from({ length: 1200 }, (_, n) => `past${n}`);
    await put(test, ...many);
    const streams = [await follow(test, "?after=0"), await follow(test, "?after=0")];
    const writing = (async () => {
      for (let n = 0; n < 100; n++) await put(test, `now${n}`);
    })();
    for (const stream of streams) {
      for (let number = 1; number <= 1300; number++) expect((await stream.next()).number).toBe(number);
      stream.leave();
    }
    await writing;
  });

  it("tell that they are alive when nothing happens", async () => {
    await using test = await testApp({ heartbeatMs: 5 });
    const stream = await follow(test);
    expect(await stream.nextBlock()).toBe("retry: 2000");
    expect(await stream.nextBlock()).toBe(": alive");
    stream.leave();
  });

  it("end when the bridge is stopped", async () => {
    const test = await testApp();
    const stream = await follow(test);
    await test[Symbol.asyncDispose]();
    await expect(stream.next()).rejects.toThrow("the stream has ended");
  });

  it("are not kept in memory for a reader that does not read", async () => {
    await using test = await testApp();
    await test.app.listen({ port: 0, host: "127.0.0.1" });
    const { port } = test.app.server.address() as AddressInfo;
    const accepted = once(test.app.server, "connection");
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    socket.pause();
    const [ours] = await accepted;
    let isGone = false;
    ours.once("close", () => {
      isGone = true;
    });
    socket.write(
      `GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: ${bearer.authorization}\r\n\r\n`,
    );
    // Its head is out: from the next turn on the stream is live.
    while (ours.bytesWritten === 0) await turn();
    // Long names make long events: the buffers of the kernel are full after some thousands.
    const names = Array.from({ length: 500 }, (_, n) => `${n}-`.padEnd(128, "x"));
    for (let n = 0; n < 200 && !isGone; n++) {
      await put(test, ...names);
      await turn();
    }
    expect(isGone).toBe(true);
    socket.destroy();
  });
});

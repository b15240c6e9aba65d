import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { saveNotebook } from "../server/support/bridge.ts";
import { bridgeProcess } from "../server/support/bridge-process.ts";
import { byRows, double, echo, endless } from "./algorithms.ts";
import { python } from "./splunkd/pythons.ts";
import { expectSentence } from "./splunkd/sentence.ts";
import { mayMount, onSmallDisk } from "./splunkd/small-disk.ts";
import { playSplunkd, type SplunkdOptions } from "./splunkd/splunkd.ts";
import { withBridge } from "./splunkd/with-bridge.ts";

// Each failure is one clear sentence in the search bar and a clean end of the process.
const rows = [{ a: "1" }, { a: "2" }];
const apply = "compute algorithm=echo method=apply";
const methods = [apply, 'compute algorithm=echo method=fit feature_variables="a"', "compute algorithm=echo mode=stage"];

/** 8 MB. */
const large = Buffer.concat([Buffer.from("a\n"), Buffer.alloc(8 * 2 ** 20, "1234567\n")]);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each();
});

/** Something that listens and does with connections what it is told. */
async function listening(take: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    take(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

async function splunkd(bridge: SplunkdOptions["bridge"], more: Partial<SplunkdOptions> = {}) {
  const splunk = await playSplunkd({ python, bridge, ...more });
  cleanups.push(() => splunk[Symbol.asyncDispose]());
  return splunk;
}

describe("the app", () => {
  it("is not set up yet", async () => {
    const splunk = await splunkd({ address: "", token: "" });
    expectSentence(await splunk.search({ command: apply, chunks: [rows] }), /set.?up/i);
  });

  it("has a wrong token", async () => {
    await using given = await withBridge();
    const splunk = await splunkd({ address: given.test.bridge.url, token: "wrong-token-of-the-app" });
    for (const command of methods) {
      const result = await splunk.search({ command, chunks: [rows] });
      expectSentence(result, /token/i);
      expect(await splunk.leaks([result], [])).toEqual([]);
    }
  });

  it.each(["http://bridge.example:5000", "ftp://127.0.0.1", "bridge"])("has an address that it must not use: %s", async (address) => {
    const splunk = await splunkd({ address, token: "kept-token" });
    const result = await splunk.search({ command: apply, chunks: [rows] });
    expectSentence(result, /https/i);
  });
});

describe("the bridge", () => {
  it("is not there", async () => {
    let port = 0;
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const address = closed.address();
    if (typeof address === "object") port = address?.port ?? 0;
    await new Promise((resolve) => closed.close(resolve));
    const splunk = await splunkd({ address: `http://127.0.0.1:${port}`, token: "kept-token" });
    for (const command of methods) expectSentence(await splunk.search({ command, chunks: [rows] }), new RegExp(`127\\.0\\.0\\.1:${port}`));
  });

  it("does not answer within the time that the settings give", async () => {
    const address = await listening(() => {});
    const splunk = await splunkd({ address, token: "kept-token", settings: { connect_seconds: "1", answer_seconds: "1" } });
    expectSentence(await splunk.search({ command: apply, chunks: [rows] }), /second|time|answer/i);
  });

  it("is something else", async () => {
    const address = await listening((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
    const splunk = await splunkd({ address, token: "kept-token" });
    expectSentence(await splunk.search({ command: apply, chunks: [rows] }), /bridge/i);
    const noise = await listening((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"));
    expectSentence(await (await splunkd({ address: noise, token: "kept-token" })).search({ command: apply, chunks: [rows] }), /bridge/i);
  });

  it.each([apply, "compute algorithm=echo method=summary"])("goes silent after it gave a token: %s", async (command) => {
    const fateOf = ({ path }: { path: string }) => (path.startsWith("/v1/tokens") ? "pass" : "silence");
    await using given = await withBridge({ settings: { answer_seconds: "1" }, fateOf });
    expectSentence(await given.splunkd.search({ command, chunks: [rows] }), /1 s/);
  });

  it("computes longer than the settings let it", async () => {
    await using given = await withBridge({ settings: { answer_seconds: "3" } });
    await given.test.save("endless.ipynb", endless);
    const state = async () => (await (await given.test.ask("/v1/algorithms/endless")).json()) as { state?: string };
    await expect.poll(state, { timeout: 30_000 }).toMatchObject({ state: "live" });
    const command = `compute algorithm=endless method=apply marker="${join(given.test.home, "runs")}"`;
    const result = await given.splunkd.search({ command, chunks: [rows] });
    expectSentence(result, /3 s/);
    const states = async () => (await given.runsOf(result.sid)).map((each) => each.state);
    await expect.poll(states, { timeout: 20_000 }).toEqual([expect.stringMatching(/^(failed|cancelled)$/)]);
  });

  it.each([
    ["whole", {}],
    ["by parts", byRows],
  ])(
    "is killed while it computes (%s)",
    async (_, settings) => {
      await using bridge = await bridgeProcess();
      const marker = join(bridge.home, "runs");
      await saveNotebook(join(bridge.home, "notebooks/endless.ipynb"), endless, settings);
      const splunk = await splunkd({ address: bridge.url, token: bridge.token, settings: { connect_seconds: "2" } });
      const searching = splunk.search({ command: `compute algorithm=endless method=apply marker="${marker}"`, chunks: [rows, rows] });
      await expect.poll(() => existsSync(marker), { timeout: 30_000 }).toBe(true);
      const processes = await bridge.processes();
      bridge.child.kill("SIGKILL");
      const result = await searching;
      for (const pid of processes) {
        try {
          process.kill(pid, "SIGKILL"); // workers of a killed bridge
        } catch {
          // gone by itself
        }
      }
      expectSentence(result, /bridge/i);
      expect(await splunk.leaks([result], [])).toEqual([]);
    },
    120_000,
  );
});

describe("a full disk", () => {
  it("of the search head, where a large chunk waits until it is surely sent", async (context) => {
    if (!mayMount) return context.skip("this machine lets nobody mount in a namespace of his own");
    await using given = await withBridge();
    await given.test.save("double.ipynb", double, byRows);
    const known = { address: given.test.bridge.url, token: given.test.bridge.token };
    const home = await mkdtemp(join(tmpdir(), "dispatch-"));
    cleanups.push(() => rm(home, { recursive: true, force: true }));
    const splunk = await splunkd(known, { home, under: onSmallDisk(join(home, "var/run/splunk/dispatch"), "1m") });
    const command = "compute algorithm=double method=apply";
    expectSentence(await splunk.search({ command, chunks: [large] }), /disk|space|room/i);
    expect((await splunk.search({ command, chunks: [rows] })).rows.length).toBe(2);
  }, 120_000);

  it("of the bridge, where staged rows go", async (context) => {
    if (!mayMount) return context.skip("this machine lets nobody mount in a namespace of his own");
    const home = await mkdtemp(join(tmpdir(), "full-"));
    cleanups.push(() => rm(home, { recursive: true, force: true }));
    await using bridge = await bridgeProcess(home, { under: onSmallDisk(home, "24m") });
    const splunk = await splunkd({ address: bridge.url, token: bridge.token });
    const result = await splunk.search({ command: "compute mode=stage model_name=large", chunks: [large, large, large, large] });
    expectSentence(result, /disk|space|room/i);
  }, 120_000);
});

it("a search whose environment sets a proxy reaches a bridge on this machine all the same", async () => {
  await using given = await withBridge({ env: { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" } });
  await given.test.save("echo.ipynb", echo);
  expect((await given.splunkd.search({ command: apply, chunks: [rows] })).rows.length).toBe(2);
});

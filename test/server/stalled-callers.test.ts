import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";

const rows = `a\n${"1.5\n".repeat(4_000_000)}`;
const sockets: Socket[] = [];

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
  await test.save("same.ipynb", [
    "def init(df, param):\n    return {}",
    "def fit(model, df, param):\n    pass",
    "def apply(model, df, param):\n    return df",
    "def save(model, name):\n    open('/srv/app/model/data/' + name, 'w').close()",
    "def load(name):\n    return {}",
    "def summary(model=None):\n    return {}",
  ]);
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => test[Symbol.asyncDispose]());

/** A request of which so much is sent, and no answer read. */
async function stalled(path: string, body: string, sent: number): Promise<void> {
  const { hostname, port } = new URL(test.bridge.url);
  const socket = connect(Number(port), hostname).pause();
  sockets.push(socket.on("error", () => {}));
  await once(socket, "connect");
  socket.write(`POST ${path} HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer ${test.bridge.token}\r\nContent-Type: text/csv\r\n`);
  socket.write(`Content-Length: ${body.length}\r\n\r\n`);
  socket.write(body.slice(0, sent));
}

const json = JSON.stringify({ data: rows, meta: { options: { params: { algo: "same" } }, feature_variables: [] } });

it.each([
  ["stop sending rows", "/v1/compute?algorithm=same&method=apply", rows, 1e6],
  ["do not read their results", "/v1/compute?algorithm=same&method=apply", rows, rows.length],
  ["do not read an old answer", "/apply", json, json.length],
] as const)(
  "answers others while callers %s",
  async (_, path, body, sent) => {
    await Promise.all(Array.from({ length: 4 }, () => stalled(path, body, sent)));
    await expect.poll(running, { timeout: 30_000 }).toBeGreaterThan(1);
    for (let i = 0; i < 3; i++) expect(await (await test.compute({ algorithm: "same", method: "apply" }, "a\n1\n")).text()).toBe("a\n1\n");
  },
  60_000,
);

async function running(): Promise<number> {
  const runs = (await (await test.ask("/v1/runs?algorithm=same")).json()) as { state: string }[];
  return runs.filter(({ state }) => state === "running").length;
}

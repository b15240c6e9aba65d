import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { saveNotebook } from "./support/bridge.ts";
import { type BridgeProcess, bridgeProcess, peakMemory } from "./support/bridge-process.ts";

const BLOCK_ROWS = 10_000;
const block = Buffer.from(Array.from({ length: BLOCK_ROWS }, (_, i) => `${i},${(i * 0.37).toFixed(4)},${(i % 7) * 1.5}\n`).join(""));
/** How much more memory five times the rows may take, in MB: what collectors leave for later, far below the 200 MB that the rows are. */
const SLACK = 60;

// /proc is Linux's.
it.runIf(process.platform === "linux")(
  "passes ten million rows through a row-wise apply in the memory that two million take",
  async () => {
    await using bridge = await bridgeProcess();
    await saveNotebook(
      join(bridge.home, "notebooks/wise.ipynb"),
      ["def apply(model, df, param):\n    return {'score': df['x'] + df['y']}"],
      {
        options: { apply: "row-wise", types: { id: "int64", x: "float64", y: "float64" } },
      },
    );
    expect(await pass(bridge, 2_000_000)).toBe(2_000_000);
    const before = await peaks(bridge);
    expect(await pass(bridge, 10_000_000)).toBe(10_000_000);
    const after = await peaks(bridge);
    expect(after.server - before.server, `server ${before.server} → ${after.server} MB`).toBeLessThan(SLACK);
    expect(after.workers - before.workers, `workers ${before.workers} → ${after.workers} MB`).toBeLessThan(SLACK);
  },
  300_000,
);

async function peaks(bridge: BridgeProcess): Promise<{ server: number; workers: number }> {
  const [server = 0, ...others] = await bridge.processes();
  return { server: await peakMemory(server), workers: Math.max(...(await Promise.all(others.map(peakMemory)))) };
}

/** Streams rows in and counts those that come back. */
function pass({ url, token }: BridgeProcess, rows: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "text/csv" };
    const sent = request(`${url}/v1/compute?algorithm=wise&method=apply`, { method: "POST", headers }, (answer) => {
      let lines = -1;
      answer.on("data", (chunk: Buffer) => {
        for (const byte of chunk) if (byte === 10) lines++;
      });
      answer.on("end", () => (answer.statusCode === 200 ? resolve(lines) : reject(new Error(`status ${answer.statusCode}`))));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    void (async () => {
      sent.write("id,x,y\n");
      for (let i = 0; i < rows / BLOCK_ROWS; i++) {
        if (!sent.write(block)) await Promise.race([new Promise((drained) => sent.once("drain", drained)), sleep(10_000)]);
      }
      sent.end();
    })();
  });
}

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFrame, FRAMES_TYPE, FrameKind } from "#contract/frames.ts";
import type { Run } from "#contract/run.ts";
import { type TestBridge, testBridge } from "./support/bridge.ts";
import { recorder } from "./support/recorder.ts";

let test: TestBridge;
const csv = "a,b\n1,x\n2,y\n";
const fit = { algorithm: "recorder", method: "fit", feature_variables: "a,b" };
const odd = ["def apply(model, df, param):\n    return df if param['options']['params']['what'] == 'echo' else 5"];

beforeAll(async () => {
  test = await testBridge();
  await test.save("recorder.ipynb", recorder);
  await test.save("odd.ipynb", odd);
});
afterAll(() => test[Symbol.asyncDispose]());

const apply = (what: string, init?: RequestInit) => test.compute({ algorithm: "odd", method: "apply", what }, csv, init);

describe("a call with an Idempotency-Key", () => {
  it("answers the same to the same Idempotency-Key and runs nothing again", async () => {
    const headers = { "idempotency-key": "k1" };
    const first = await test.compute({ ...fit, model_name: "once" }, csv, { headers });
    const again = await test.compute({ ...fit, model_name: "once" }, csv, { headers });
    expect(await again.text()).toBe(await first.text());
    expect(again.headers.get("compute-run")).toBe(first.headers.get("compute-run"));
    expect(await (await test.ask("/v1/models?algorithm=recorder&name=once")).json()).toHaveLength(1);
    const failing = { headers: { "idempotency-key": "k2" } };
    expect((await apply("scalar", failing)).status).toBe(422);
    expect((await apply("scalar", failing)).headers.get("idempotent-replayed")).toBeNull();
  });

  it("refuses a key that comes with another request, and runs nothing", async () => {
    const options = { ...fit, model_name: "keyed" };
    const send = (change: { options?: object; rows?: string; headers?: Record<string, string>; path?: string } = {}) =>
      test.ask(`${change.path ?? "/v1/compute"}?${new URLSearchParams({ ...options, ...change.options })}`, {
        method: "POST",
        body: change.rows ?? csv,
        headers: { "content-type": "text/csv", accept: "*/*", "idempotency-key": "k3", ...change.headers },
      });
    const first = await send();
    expect([first.status, first.headers.get("idempotent-replayed")]).toEqual([200, null]);
    const others: [Parameters<typeof send>[0], string][] = [
      [{ rows: `${csv}9,9\n` }, "body"],
      [{ rows: "" }, "body"],
      [{ options: { model_name: "other" } }, "options"],
      [{ options: { more: "1" } }, "options"],
      [{ headers: { accept: FRAMES_TYPE } }, "Accept"],
      [{ headers: { "content-type": "text/plain" } }, "Content-Type"],
      [{ path: "/compute" }, "path"],
    ];
    for (const [change, part] of others) {
      const refused = await send(change);
      expect([refused.status, await refused.json()]).toMatchObject([422, { code: "KEY_REUSED", differs: [part] }]);
    }
    const { method, ...rest } = options;
    const reordered = await test.compute({ ...rest, method }, csv, { headers: { accept: "*/*", "idempotency-key": "k3" } });
    for (const again of [await send(), reordered]) {
      expect(again.status).toBe(200);
      for (const header of ["compute-run", "compute-receipt", "content-type", "content-length"])
        expect(again.headers.get(header)).toBe(first.headers.get(header));
      expect(again.headers.get("idempotent-replayed")).toBe("true");
    }
    expect(await (await test.ask("/v1/models/keyed/versions")).json()).toHaveLength(1);
  });

  it("takes the same bytes for another request where they are said to be compressed otherwise", async () => {
    const send = (key: string, encoding: Record<string, string>) =>
      apply("echo", { body: gzipSync(csv), headers: { "content-type": "text/csv", "idempotency-key": key, ...encoding } });
    const first = await send("k8", { "content-encoding": "gzip" });
    expect([first.status, await first.text()]).toEqual([200, csv]);
    for (const other of [{}, { "content-encoding": "identity" }, { "content-encoding": "br" }]) {
      const refused = await send("k8", other);
      expect([refused.status, await refused.json()]).toMatchObject([422, { code: "KEY_REUSED", differs: ["Content-Encoding"] }]);
    }
    expect((await send("k8", { "content-encoding": "GZIP" })).headers.get("idempotent-replayed")).toBe("true");
    const plain = { "idempotency-key": "k9" };
    expect((await apply("echo", { headers: plain })).status).toBe(200);
    const named = await apply("echo", { headers: { ...plain, "content-encoding": "identity" } });
    expect(named.headers.get("idempotent-replayed")).toBe("true");
  });

  it("still gives an answer that was kept with fewer parts of its request", async () => {
    const headers = { "idempotency-key": "k10" };
    await apply("echo", { headers });
    const folder = join(test.home, ".bridge", "answers");
    for (const name of (await readdir(folder)).filter((each) => each.endsWith(".json"))) {
      const kept = JSON.parse(await readFile(join(folder, name), "utf8"));
      delete kept.request["Content-Encoding"];
      await writeFile(join(folder, name), JSON.stringify(kept));
    }
    expect((await apply("echo", { headers })).headers.get("idempotent-replayed")).toBe("true");
  });

  it("knows a key by who sends it", async () => {
    const made = await test.ask("/v1/tokens", {
      method: "POST",
      body: '{"name":"other"}',
      headers: { "content-type": "application/json" },
    });
    const { token } = (await made.json()) as { token: string };
    const headers = { "idempotency-key": "k4" };
    const mine = await apply("echo", { headers });
    const theirs = await apply("echo", { headers: { ...headers, authorization: `Bearer ${token}` } });
    expect([mine.status, theirs.status]).toEqual([200, 200]);
    expect(theirs.headers.get("compute-run")).not.toBe(mine.headers.get("compute-run"));
  });

  it("compares bodies of any length, and what follows the last frame of rows", async () => {
    const long = `a\n${"123456789\n".repeat(400_000)}`;
    const send = (key: string, body: Buffer | ReadableStream, type: string) =>
      test.ask("/v1/compute?mode=stage&model_name=long", {
        ...{ method: "POST", body, duplex: "half" },
        headers: { "content-type": type, "idempotency-key": key },
      } as RequestInit);
    const piece = () => new Blob([long]).stream();
    expect((await send("k5", piece(), "text/csv")).status).toBe(200);
    const again = await send("k5", piece(), "text/csv");
    expect([again.headers.get("idempotent-replayed"), await again.json()]).toMatchObject([
      "true",
      { status: "staged", dataset: { version: 1 } },
    ]);
    expect((await send("k5", new Blob([`${long}1\n`]).stream(), "text/csv")).status).toBe(422);
    const framed = Buffer.concat([encodeFrame(FrameKind.table, "a\n1\n"), encodeFrame(FrameKind.end)]);
    const more = Buffer.concat([framed, encodeFrame(FrameKind.table, Buffer.alloc(300_000, "x"))]);
    expect((await send("k6", more, FRAMES_TYPE)).status).toBe(200);
    expect((await send("k6", framed, FRAMES_TYPE)).status).toBe(422);
    expect((await send("k6", more, FRAMES_TYPE)).headers.get("idempotent-replayed")).toBe("true");
    expect(await (await test.ask("/v1/datasets/long")).json()).toMatchObject({ version: 2 });
  });

  it("refuses a key while its first call runs", async () => {
    const headers = { "idempotency-key": "k7" };
    const gate = new TransformStream<Uint8Array, Uint8Array>();
    const writer = gate.writable.getWriter();
    const first = test.ask("/v1/compute?mode=stage&model_name=slow", {
      ...{ method: "POST", body: gate.readable, duplex: "half" },
      headers: { "content-type": "text/csv", ...headers },
    } as RequestInit);
    await writer.write(Buffer.from("a\n"));
    const second = () => test.compute({ mode: "stage", model_name: "slow" }, "a\n1\n", { headers });
    await expect
      .poll(async () => ((await (await test.ask("/v1/runs?state=running")).json()) as Run[]).some((run) => run.model === "slow"), {
        timeout: 10_000,
      })
      .toBe(true);
    expect(await (await second()).json()).toMatchObject({ status: 409, code: "CONFLICT" });
    await writer.write(Buffer.from("1\n"));
    await writer.close();
    expect((await first).status).toBe(200);
    expect((await second()).headers.get("idempotent-replayed")).toBe("true");
  });
});

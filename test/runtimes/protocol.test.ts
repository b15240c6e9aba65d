import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFrame, type Frame, FrameKind, FrameReader } from "#contract/frames.ts";
import { WorkerCall, WorkerDone, WorkerError, WorkerReady } from "#contract/worker.ts";
import { Bench, pythonRuntime } from "./bench.ts";

const page = readFileSync(join(import.meta.dirname, "../../runtimes/PROTOCOL.md"), "utf8");
const blocks = [...page.matchAll(/^```(\w+) ?(\w*)\n(.*?)^```/gms)].map(([, language, kind, text]) => ({
  language,
  kind,
  text: text as string,
}));
const schemas: Record<string, { parse(value: unknown): unknown }> = { WorkerCall, WorkerDone, WorkerError, WorkerReady };

describe("PROTOCOL.md", () => {
  it.each(blocks.filter(({ language }) => language === "json"))("the example of $kind is one", ({ kind, text }) => {
    const value = JSON.parse(text);
    expect(schemas[kind as string]?.parse(value)).toEqual(value);
  });

  it("names every kind of frame with its byte", () => {
    for (const [name, byte] of Object.entries(FrameKind))
      expect(page).toContain(`| ${name} | \`${String.fromCharCode(byte)}\` 0x${byte.toString(16)} |`);
  });
});

/** The bytes of the page against a real worker, with nothing of the bridge between but the frame reader. */
describe("the bytes of PROTOCOL.md", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  it("a plain worker reads them, answers once, and leaves when the connection closes", async () => {
    const worker = await bench.start(pythonRuntime.plainWorker?.(bench.home) as never);
    const reader = new FrameReader();
    const frames: Frame[] = [];
    const until = async (kinds: readonly number[]): Promise<Frame> => {
      for (;;) {
        const found = frames.shift();
        if (found && kinds.includes(found.kind)) return found;
        if (!found)
          await new Promise((resolve) => worker.stream.once("data", (chunk: Buffer) => resolve(frames.push(...reader.push(chunk)))));
      }
    };
    expect(WorkerReady.parse(JSON.parse((await until([FrameKind.event])).payload.toString())).entryPoints).toEqual(["stage", "parse"]);

    const call = { ...JSON.parse(blocks.find(({ kind }) => kind === "WorkerCall")?.text as string), method: "parse", model: null };
    const bytes = blocks.find(({ language }) => language === "frames")?.text.replace(/\s/g, "") as string;
    worker.stream.write(encodeFrame(FrameKind.cancel)); // outside of a call: means nothing
    worker.stream.write(encodeFrame(FrameKind.call, JSON.stringify(call)));
    worker.stream.write(Buffer.from(bytes, "hex"));
    const answer = await until([FrameKind.done, FrameKind.error]);
    expect(WorkerDone.parse(JSON.parse(answer.payload.toString())).signature).toEqual([{ name: "a", type: "int64" }]);

    worker.stream.destroy();
    await worker.ended;
  });
});

import { encodeFrame, FRAMES_TYPE, FrameKind, frameHeader } from "#contract/frames.ts";
import type { ErrorRecord, Receipt } from "#contract/run.ts";
import type { TableFormat, WorkerEvent } from "#contract/worker.ts";
import type { Body } from "./body.ts";
import { tableBody } from "./records.ts";

export const ARROW_TYPE = "application/vnd.apache.arrow.stream";
export const CSV_TYPE = "text/csv; charset=utf-8";

/** What an answer's form is asked to be. */
export function outputOf(accept = ""): { isFrames: boolean; output: TableFormat } {
  return {
    isFrames: accept.includes(FRAMES_TYPE),
    output: accept.includes(ARROW_TYPE) || accept.includes("table=arrow") ? "arrow" : "csv",
  };
}

/** How a call's answer goes out while it is made. One of `finish` and `fail` ends it. */
export interface AnswerWriter {
  event(event: WorkerEvent): void;
  table(bytes: Buffer): void | Promise<void>;
  readonly tableBytes?: () => number;
  finish(receipt: Receipt): void;
  /** True when the failure was told, or the connection cut; false when nothing was sent and the caller may still answer. */
  fail(error: ErrorRecord): boolean;
}

/** CSV or Arrow for everybody. Small answers have a length and the receipt in a header; large ones are chunked. */
export function tableAnswer(body: Body, format: TableFormat): AnswerWriter {
  const type = format === "arrow" ? ARROW_TYPE : CSV_TYPE;
  const records = tableBody(format);
  // The first piece waits: a small answer then goes out in one write.
  let held: Buffer | undefined;
  let tableBytes = 0;
  return {
    event() {},
    tableBytes: () => tableBytes,
    table(bytes) {
      const piece = records(bytes);
      tableBytes += piece.length;
      if (held === undefined && !body.isStarted) {
        held = Buffer.from(piece);
        return;
      }
      if (!body.isStarted) body.start(type);
      const first = held;
      held = undefined;
      return first ? body.write(first, piece) : body.write(piece);
    },
    finish(receipt) {
      if (!body.isStarted) body.start(type, { length: held?.length ?? 0, receipt });
      body.end(held);
    },
    fail() {
      if (body.isStarted) body.cut();
      return body.isStarted;
    },
  };
}

/** Our own clients' answer: events while the call runs, then `done` with the receipt or `error`, which cannot be missed. */
export function framesAnswer(body: Body): AnswerWriter {
  const start = () => {
    if (!body.isStarted) body.start(FRAMES_TYPE);
  };
  return {
    event(event) {
      start();
      void body.write(encodeFrame(FrameKind.event, JSON.stringify(event)));
    },
    table(bytes) {
      start();
      return body.write(frameHeader(FrameKind.table, bytes.length), bytes);
    },
    finish(receipt) {
      start();
      body.end(encodeFrame(FrameKind.done, JSON.stringify({ receipt })));
    },
    fail(error) {
      if (!body.isStarted) return false;
      body.endFailed(encodeFrame(FrameKind.error, JSON.stringify(error)));
      return true;
    },
  };
}

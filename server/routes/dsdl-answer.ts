import { escapedPieces } from "../compute/json-escape.ts";
import type { DsdlAnswer } from "../compute/old-endpoints.ts";
import type { NotedBody } from "./body.ts";
import { tableBody } from "./records.ts";

/** Results up to this many bytes are held until the call has ended, so that a late failure is still an answer. */
const HELD_BYTES = 8 * 2 ** 20;

/** What FastAPI, and so DSDL, calls its JSON; Flask, and so DLTK, calls the same text HTML. */
export type OldType = "application/json" | "text/html; charset=utf-8";

/**
 * The old answer, `{"status", "message"[, "results"]}`, written while results come. Its keys are DSDL's and no more;
 * the run's id is a header (design.md, The wire), and so is what
 * its receipt notes.
 */
export function dsdlAnswer(body: NotedBody, success: string, type: OldType = "application/json") {
  const records = tableBody("csv");
  let held: Buffer[] = [];
  let size = 0;
  let tableBytes = 0;
  return {
    event() {},
    notes: (notes: readonly string[]) => body.notes(notes),
    tableBytes: () => tableBytes,
    table(bytes: Buffer): void | Promise<void> {
      const piece = records(bytes);
      tableBytes += piece.length;
      for (const escaped of escapedPieces(piece)) {
        size += escaped.length;
        held.push(escaped);
      }
      if (size <= HELD_BYTES) return;
      if (!body.isStarted) {
        body.start(type);
        held.unshift(Buffer.from(`{"status":"success","message":${JSON.stringify(success)},"results":"`));
      }
      const ready = held;
      held = [];
      return body.write(...ready);
    },
    finish({ status, message }: DsdlAnswer): void {
      if (body.isStarted) {
        if (status === "success") body.end('"}');
        else body.cut();
        return;
      }
      const head = `{"status":${JSON.stringify(status)},"message":${JSON.stringify(message)}`;
      const json = Buffer.concat(
        status === "success" ? [Buffer.from(`${head},"results":"`), ...held, Buffer.from('"}')] : [Buffer.from(`${head}}`)],
      );
      body.start(type, { length: json.length });
      body.end(json);
    },
  };
}

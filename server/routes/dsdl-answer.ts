import type { DsdlAnswer } from "../compute/old-endpoints.ts";
import type { NotedBody } from "./body.ts";
import { tableBody } from "./records.ts";

/** Results up to this many characters are held until the call has ended, so that a late failure is still an answer. */
const HELD_CHARACTERS = 8 * 2 ** 20;

/** What FastAPI, and so DSDL, calls its JSON; Flask, and so DLTK, calls the same text HTML. */
export type OldType = "application/json" | "text/html; charset=utf-8";

/**
 * The old answer, `{"status", "message"[, "results"]}`, written while results come. Its keys are DSDL's and no more;
 * the run's id is a header (design.md, The wire), and so is what
 * its receipt notes.
 */
export function dsdlAnswer(body: NotedBody, success: string, type: OldType = "application/json") {
  const records = tableBody("csv");
  const held: string[] = [];
  let size = 0;
  let tableBytes = 0;
  return {
    event() {},
    notes: (notes: readonly string[]) => body.notes(notes),
    tableBytes: () => tableBytes,
    table(bytes: Buffer): void | Promise<void> {
      const piece = records(bytes);
      tableBytes += piece.length;
      const text = JSON.stringify(piece.toString("utf8")).slice(1, -1);
      size += text.length;
      if (size <= HELD_CHARACTERS) {
        held.push(text);
        return;
      }
      if (!body.isStarted) {
        body.start(type);
        held.unshift(`{"status":"success","message":${JSON.stringify(success)},"results":"`);
      }
      return body.write(...held.splice(0), text);
    },
    finish({ status, message }: DsdlAnswer): void {
      if (body.isStarted) {
        if (status === "success") body.end('"}');
        else body.cut();
        return;
      }
      const results = status === "success" ? `,"results":"${held.join("")}"` : "";
      const json = Buffer.from(`{"status":${JSON.stringify(status)},"message":${JSON.stringify(message)}${results}}`);
      body.start(type, { length: json.length });
      body.end(json);
    },
  };
}

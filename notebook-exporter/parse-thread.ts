/** The thread that parse.ts gives long notebooks to: bytes in, notebook without outputs out. */
import { parentPort } from "node:worker_threads";
import { parseHere } from "./json-text.ts";

parentPort?.on("message", (bytes: Uint8Array) => {
  const parsed = parseHere(bytes);
  if ("notebook" in parsed) dropOutputs(parsed.notebook);
  parentPort?.postMessage(parsed);
});

function dropOutputs(notebook: unknown): void {
  if (typeof notebook !== "object" || notebook === null || !("cells" in notebook) || !Array.isArray(notebook.cells)) return;
  for (const cell of notebook.cells) {
    if (typeof cell !== "object" || cell === null) continue;
    if ("outputs" in cell) cell.outputs = [];
    if ("attachments" in cell) cell.attachments = {};
  }
}

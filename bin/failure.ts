import { debuglog } from "node:util";
import { BridgeError } from "#contract/errors.ts";
import { ApiFailed } from "./api.ts";

/** A full disk, say: what was asked for did not all go where it should. */
export class Unwritten extends Error {
  override readonly name = "Unwritten";
  readonly hint = "Make room there, and run it again.";

  constructor(cause: unknown) {
    super(`What was asked for could not be written: ${cause instanceof Error ? cause.message : cause}.`, { cause });
  }
}

/** What a command ended with, for people: what happened, and on a second line what to do. Never a stack: NODE_DEBUG=bridge prints that. */
export function failureText(error: unknown): string {
  debuglog("bridge")("%O", error);
  if (error instanceof ApiFailed || error instanceof BridgeError || error instanceof Unwritten)
    return [error.message, error.hint && `  ${error.hint}`].filter(Boolean).join("\n");
  if (!(error instanceof Error)) return `The command failed: ${error}`;
  if (error.name === "BadConfig") return error.message;
  if ("code" in error && error.code === "EADDRINUSE")
    return `The bridge cannot listen: ${error.message}.\n  Stop what listens there, or choose another port with BRIDGE_PORT (0: any free one).`;
  if ("code" in error && "syscall" in error)
    return `The system refused: ${error.message}.\n  Look whether that is there, and whether this user may use it.`;
  return `The command failed: ${error.message}\n  Set NODE_DEBUG=bridge to see where; bridge doctor looks for what may be wrong here.`;
}

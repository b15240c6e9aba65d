import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

export const appFolder = resolve(import.meta.dirname, "../../../splunk-app");

const Answer = z.object({ status: z.number(), payload: z.string(), headers: z.record(z.string(), z.string()) });

export interface HandlerProcess extends AsyncDisposable {
  ask(request: object): Promise<{ status: number; told: Record<string, unknown>; payload: string }>;
  /** All that it wrote to stderr, which splunkd logs. */
  stderr(): string;
}

/** A persistent handler in a process of its own, with what splunkd puts into the environment. */
export function handlerProcess(python: string, app: string, handler: "Token" | "Setup", splunkHome: string): HandlerProcess {
  const env = { PATH: "/usr/bin:/bin", SPLUNK_HOME: splunkHome, PYTHONHTTPSVERIFY: "0", PYTHONDONTWRITEBYTECODE: "1" };
  const args = [join(import.meta.dirname, "run_handler.py"), join(app, "bin"), `compute_bridge_handler.${handler}`];
  const child = spawn(python, args, { env, stdio: "pipe" });
  const ended = once(child, "exit");
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {}); // told by the missing line below
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the handler has ended: ${stderr}`);
      const { status, payload } = Answer.parse(JSON.parse(value));
      return { status, payload, told: z.record(z.string(), z.unknown()).parse(JSON.parse(payload)) };
    },
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

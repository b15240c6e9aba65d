import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

/** Debian's package chromium; BRIDGE_CHROMIUM names another program. */
export const chromiumProgram = [process.env.BRIDGE_CHROMIUM, "/usr/bin/chromium"].find((each) => each !== undefined && existsSync(each));

const Message = z.looseObject({
  id: z.int().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});
const Evaluated = z.object({
  result: z.looseObject({ value: z.unknown().optional() }),
  exceptionDetails: z.looseObject({ exception: z.looseObject({ description: z.string().optional() }).optional() }).optional(),
});

export interface BrowserPage extends AsyncDisposable {
  goTo(url: string): Promise<void>;
  /** Runs an expression in the page and waits for its promise. */
  run(expression: string): Promise<unknown>;
  /** Waits until an expression is true in the page. */
  until(expression: string): Promise<void>;
}

/** A page of a browser of its own, spoken to by the DevTools protocol. */
export async function openPage(program: string): Promise<BrowserPage> {
  const profile = await mkdtemp(join(tmpdir(), "chromium-"));
  const args = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
  ];
  const child = spawn(program, [...args, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  const socket = new WebSocket(await addressOf(child.stderr));
  await once(socket, "open");
  const waiting = new Map<number, (message: z.infer<typeof Message>) => void>();
  socket.addEventListener("message", ({ data }) => {
    const message = Message.parse(JSON.parse(String(data)));
    if (message.id !== undefined) waiting.get(message.id)?.(message);
  });
  let count = 0;
  const send = async (method: string, params: object, sessionId?: string): Promise<unknown> => {
    const id = ++count;
    const answer = new Promise<z.infer<typeof Message>>((done) => waiting.set(id, done));
    socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  const { targetId } = z.object({ targetId: z.string() }).parse(await send("Target.createTarget", { url: "about:blank" }));
  const { sessionId } = z.object({ sessionId: z.string() }).parse(await send("Target.attachToTarget", { targetId, flatten: true }));
  const run = async (expression: string) => {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = Evaluated.parse(await send("Runtime.evaluate", params, sessionId));
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? "failed"}`);
    return result.value;
  };
  return {
    run,
    async goTo(url) {
      await send("Page.navigate", { url }, sessionId);
      await run(`new Promise((done) => document.readyState === "complete" ? done() : addEventListener("load", done))`);
    },
    async until(expression) {
      await run(`new Promise((done) => {
        const look = () => { if (${expression}) done(); else setTimeout(look, 20); };
        look();
      })`);
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      child.kill("SIGTERM");
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function addressOf(stderr: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(stderr)) {
    const address = /^DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (address !== undefined) {
      stderr.resume();
      return address;
    }
  }
  throw new Error("the browser ended at once");
}

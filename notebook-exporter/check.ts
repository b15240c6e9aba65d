import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Check, CheckAnswer, CheckFailed, type CheckRequest, type ModuleRequest } from "./answer.ts";

const script = join(import.meta.dirname, "check.py");
const KEPT_ERRORS = 4000;

/**
 * A check served by one Python process, which is kept, so that a save costs milliseconds, and started again when it
 * died. `python` is the environment that models run in (it needs IPython, pyflakes and packaging): what is missing
 * there is what a worker would miss. Requests are answered one after the other, each within `limit` milliseconds.
 *
 * The check rejects with CheckFailed when Python cannot be started, or died or passed the limit twice on one request.
 */
export function startCheck({ python, limit = 20_000 }: { python: string; limit?: number }): Check & AsyncDisposable {
  let resident = startProcess(python);
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  async function answer(request: CheckRequest | ModuleRequest): Promise<CheckAnswer> {
    const line = JSON.stringify(request);
    for (let attempt = 1; ; attempt++) {
      if (closed) throw new CheckFailed("The check was stopped.");
      if (resident.isDead()) resident = startProcess(python);
      try {
        return read(await resident.ask(line, limit));
      } catch (error) {
        await resident.end();
        if (attempt === 2 || !(error instanceof Died)) throw error;
      }
    }
  }

  const check = (request: CheckRequest | ModuleRequest) => {
    const turn = last.then(() => answer(request));
    last = turn.catch(() => {});
    return turn;
  };
  return Object.assign(check, {
    async [Symbol.asyncDispose]() {
      closed = true;
      await resident.end();
      await last;
    },
  });
}

class Died extends CheckFailed {}

function read(line: string): CheckAnswer {
  const answer: unknown = JSON.parse(line);
  const read = CheckAnswer.safeParse(answer);
  if (read.success) return read.data;
  throw new CheckFailed(`check.py answered ${line.slice(0, 500)}`);
}

function startProcess(python: string) {
  const child: ChildProcess = spawn(python, ["-I", "-B", "-X", "utf8", script], {
    stdio: ["pipe", "pipe", "pipe"],
    env: {}, // nothing of the server's: an environment's own start-up files run here
  });
  let errors = "";
  let dead = false;
  let waiting: { resolve(line: string): void; reject(error: Error): void } | undefined;
  const die = (how: string) => {
    dead = true;
    waiting?.reject(new Died(`${python} ${how}.${errors && ` It wrote: ${errors.trim()}`}`));
    waiting = undefined;
  };
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      die(`could not be started (${error.message})`);
      resolve();
    });
    child.once("close", (code, signal) => {
      die(signal ? `was killed by ${signal}` : `exited with code ${code}`);
      resolve();
    });
  });
  child.stdin?.on("error", () => {}); // told by "close"
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-KEPT_ERRORS);
  });
  if (child.stdout) {
    createInterface(child.stdout).on("line", (line) => {
      waiting?.resolve(line);
      waiting = undefined;
    });
  }

  return {
    isDead: () => dead,
    async ask(line: string, limit: number): Promise<string> {
      const timer = setTimeout(() => {
        die(`gave no answer within ${limit} ms`);
        child.kill("SIGKILL");
      }, limit);
      try {
        return await new Promise<string>((resolve, reject) => {
          waiting = { resolve, reject };
          child.stdin?.write(`${line}\n`);
        });
      } finally {
        clearTimeout(timer);
      }
    },
    async end(): Promise<void> {
      dead = true;
      child.kill("SIGKILL");
      await ended;
    },
  };
}

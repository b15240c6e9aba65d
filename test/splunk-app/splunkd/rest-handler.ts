import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { readConf } from "./conf.ts";

const Answer = z.looseObject({
  status: z.number().default(200),
  payload: z.unknown(),
  headers: z.record(z.string(), z.string()).default({}),
});
export type HandlerAnswer = z.infer<typeof Answer>;

/** The app's own persistent handlers, in Python processes that stay. */
export class RestHandlers implements AsyncDisposable {
  /** What they wrote to stderr. */
  stderr = "";
  readonly #processes = new Map<string, { child: ChildProcessWithoutNullStreams; lines: AsyncIterator<string> }>();
  readonly #launch: { readonly python: string; readonly app: string; readonly env: Record<string, string> };
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  constructor(launch: { readonly python: string; readonly app: string; readonly env: Record<string, string> }) {
    this.#launch = launch;
  }

  /** The settings of restmap.conf for a path such as `/compute_bridge/token`; undefined where nothing serves it. */
  async settingsOf(path: string): Promise<Readonly<Record<string, string>> | undefined> {
    const stanzas = [...(await readConf(this.#launch.app, "restmap"))];
    return stanzas.find(
      ([, { match, scripttype }]) => match !== undefined && scripttype === "persist" && `/${match.replace(/^\//, "")}` === path,
    )?.[1];
  }

  /** Hands a request to the handler, one at a time; every second one as bytes. */
  ask(handler: string, request: object): Promise<HandlerAnswer> {
    const asked = this.#last.then(() => this.#ask(handler, request));
    this.#last = asked.catch(() => {});
    return asked;
  }

  async #ask(handler: string, request: object): Promise<HandlerAnswer> {
    const { child, lines } = this.#processes.get(handler) ?? this.#start(handler);
    child.stdin.write(`${JSON.stringify({ asBytes: this.#count++ % 2 === 0, request })}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`the handler ${handler} has ended: ${this.stderr}`);
    return Answer.parse(JSON.parse(value));
  }

  #start(handler: string) {
    const { python, app, env } = this.#launch;
    const args = [join(import.meta.dirname, "persistent.py"), join(app, "bin"), handler];
    const child = spawn(python, args, { env, cwd: "/", stdio: "pipe" });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    child.stdin.on("error", () => {});
    const started = { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
    this.#processes.set(handler, started);
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#processes.values()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
}

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { BrokenProtocol, encodeRequest, type Reply, ReplyReader } from "./frames.ts";

/** How a process ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Cuts what is written; may wait between pieces. */
export type Pieces = (bytes: Buffer) => Iterable<Buffer> | AsyncIterable<Buffer>;

/** The command ended while splunkd waited for its reply. */
export class CommandEnded extends Error {
  override readonly name = "CommandEnded";
}

/** A command as splunkd runs it, in strict lock step: one request, exactly one reply. */
export class CommandProcess implements AsyncDisposable {
  readonly ended: Promise<Ended>;
  /** What it wrote to stderr so far: splunkd logs each line as an error. */
  stderr = "";
  /** The most memory that it ever had resident, in MB, as of the last reply. */
  peakRss = 0;
  /** Seconds of processor time that it used, as of the last reply. */
  processorSeconds = 0;
  /** Its command line and environment, as anybody on the machine may see them. */
  visible = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #reader = new ReplyReader();
  #state: "idle" | "sending" | "waiting" = "idle";
  #broken: BrokenProtocol | undefined;
  #hasEnded = false;
  #settle: ((outcome: Reply | Error) => void) | undefined;

  constructor(command: readonly string[], options: { readonly cwd: string; readonly env: Record<string, string> }) {
    const [file = "", ...args] = command;
    this.#child = spawn(file, args, { ...options, stdio: "pipe" });
    this.#child.stdin.on("error", () => {}); // EPIPE: told by the end of the process
    this.#child.stdout.on("data", (bytes: Buffer) => this.#take(bytes));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = once(this.#child, "close").then(([exitCode, signal]) => {
      this.#hasEnded = true;
      if (this.#reader.pending > 0) this.#break(`it ended ${this.#reader.pending} bytes into a reply`);
      this.#settle?.(this.#broken ?? new CommandEnded(`the command ended (${signal ?? exitCode}) without a reply: ${this.stderr}`));
      return { exitCode, signal };
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * Sends one request and waits for its one reply. The last byte goes alone, so that a reply that begins before the
   * request is whole cannot be missed.
   *
   * @param pieces cuts the request; default: as one
   * @throws BrokenProtocol, CommandEnded
   */
  async exchange(metadata: object, body?: Buffer, pieces: Pieces = (bytes) => [bytes]): Promise<Reply> {
    const request = encodeRequest(metadata, body);
    const reply = this.#nextReply();
    this.#state = "sending";
    for await (const piece of pieces(request.subarray(0, -1))) await this.write(piece);
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate); // what has come is taken now, as early
    if (this.#broken === undefined) this.#state = "waiting";
    void this.write(request.subarray(-1));
    const outcome = await reply;
    await this.look();
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  /** Sends bytes that are no whole request; resolves when the pipe has taken them, or cannot any more. */
  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      if (this.#hasEnded || !this.#child.stdin.writable) return resolve();
      this.#child.stdin.write(bytes, () => resolve());
      void this.ended.then(() => resolve());
    });
  }

  /** The end of the search, or its cancelling. */
  closeStdin(): void {
    this.#child.stdin.end();
  }

  /** splunkd is gone: the command's next write fails. */
  closeStdout(): void {
    this.#child.stdout.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Notes what the system shows of the process now; nothing once it has ended. */
  async look(): Promise<void> {
    const of = (name: string) => readFile(`/proc/${this.pid}/${name}`, "utf8").catch(() => "");
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(await of("status"))?.[1];
    this.peakRss = Math.max(this.peakRss, Number(peak ?? 0) / 1024);
    // After the name, which may hold blanks: utime and stime are the 12th and 13th, in hundredths of a second.
    const stat = await of("stat");
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13)
      .map(Number);
    this.processorSeconds = Math.max(this.processorSeconds, (user + system) / 100);
    this.visible ||= (await of("cmdline")) + (await of("environ"));
  }

  /** Closes stdin and waits. @throws BrokenProtocol for bytes that nobody asked for, whenever they came */
  async finish(): Promise<Ended> {
    this.closeStdin();
    const ended = await this.ended;
    if (this.#broken !== undefined) throw this.#broken;
    return ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.kill("SIGKILL");
    await this.ended;
  }

  #nextReply(): Promise<Reply | Error> {
    if (this.#broken !== undefined) return Promise.resolve(this.#broken);
    if (this.#hasEnded) return Promise.resolve(new CommandEnded(`the command has ended: ${this.stderr}`));
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  #take(bytes: Buffer): void {
    if (this.#state !== "waiting") {
      const when = this.#state === "idle" ? "without a request" : "before the request was whole";
      this.#break(`${bytes.length} bytes ${when}: ${JSON.stringify(bytes.toString("utf8", 0, 200))}`);
      return;
    }
    try {
      const reply = this.#reader.push(bytes);
      if (reply === undefined) return;
      this.#state = "idle";
      this.#settle?.(reply);
    } catch (error) {
      this.#break(error instanceof Error ? error.message : String(error));
    }
  }

  #break(message: string): void {
    this.#broken ??= new BrokenProtocol(message);
    this.#state = "idle";
    this.#settle?.(this.#broken);
  }
}

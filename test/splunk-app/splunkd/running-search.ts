import type { CommandProcess, Pieces } from "./command-process.ts";
import { type Chunk, chunkCsv, headerOf } from "./csv.ts";
import { writeStatus } from "./dispatch.ts";
import { BrokenProtocol, type Reply } from "./frames.ts";
import { getinfo, type SearchFacts } from "./search-info.ts";

/** A search whose command runs. The steps are splunkd's; a story takes them in the order that it wants. */
export class RunningSearch implements AsyncDisposable {
  readonly replies: Reply[] = [];
  readonly command: CommandProcess;
  readonly facts: SearchFacts;
  readonly #pieces: Pieces | undefined;
  #header: Buffer = Buffer.alloc(0);
  #isFed = false;

  constructor(command: CommandProcess, facts: SearchFacts, pieces: Pieces | undefined) {
    this.command = command;
    this.facts = facts;
    this.#pieces = pieces;
  }

  getinfo(): Promise<Reply> {
    return this.#exchange(getinfo(this.facts));
  }

  /** Whether the command said that it is done, or what was wrong. */
  get isOver(): boolean {
    const last = this.replies.at(-1)?.metadata;
    return last?.error !== undefined || (last?.finished === true && (this.#isFed || this.replies.length === 1));
  }

  /** `streaming`, `stateful`, `events` or `reporting`. */
  get type(): string {
    return String(this.replies[0]?.metadata.type ?? "streaming");
  }

  /** A chunk of rows. @param isLast with `finished: true`, as splunkd sends the data of events and reporting commands */
  async send(chunk: Chunk, isLast = false): Promise<Reply> {
    const body = chunkCsv(chunk);
    this.#header = headerOf(body);
    this.#isFed = isLast;
    const reply = await this.#exchange({ action: "execute", finished: isLast }, body);
    if (!isLast && reply.metadata.finished === true && reply.metadata.error === undefined)
      throw new BrokenProtocol("finished before the last chunk: splunkd drops the rows that follow");
    return reply;
  }

  /** The last chunk of streaming and stateful commands: the header alone. */
  async end(): Promise<Reply> {
    this.#isFed = true;
    return this.#exchange({ action: "execute", finished: true }, this.#header);
  }

  /** Asks with empty chunks until the command is done. */
  async drain(): Promise<void> {
    while (!this.isOver) await this.#exchange({ action: "execute", finished: true });
  }

  /** The user presses Stop, which keeps what there is: no more rows, and a state in status.csv. */
  async finalize(): Promise<void> {
    await writeStatus(this.facts.dispatchDir, "FINALIZING", this.facts.user);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.command[Symbol.asyncDispose]();
  }

  async #exchange(metadata: object, body?: Buffer): Promise<Reply> {
    const reply = await this.command.exchange(metadata, body, this.#pieces);
    checkOrder(reply);
    this.replies.push(reply);
    return reply;
  }
}

/** splunkd reads the messages before the error that ends the search. */
function checkOrder({ metadata }: Reply): void {
  const keys = Object.keys(metadata);
  if (metadata.error !== undefined && keys.includes("inspector") && keys.indexOf("inspector") > keys.indexOf("error"))
    throw new BrokenProtocol('"inspector" stands behind "error"');
}

import { connect, type Socket } from "node:net";
import { AnswerReader, type Head } from "./answer-reader.ts";

/** An answer's status, its bytes, and the milliseconds from the request's first byte to the answer's last. */
export interface Answered {
  readonly status: number;
  /** Empty when the caller took the pieces. */
  readonly body: Buffer;
  readonly ms: number;
}

/** A body that is made while it is sent: its length, and its pieces. */
export interface Sending {
  readonly bytes: number;
  readonly pieces: Iterable<Buffer>;
}

interface Waiting {
  readonly answered: PromiseWithResolvers<Answered>;
  readonly began: number;
  readonly pieces: Buffer[];
  readonly take: ((piece: Buffer) => void) | undefined;
}

/**
 * One connection to a server, kept open from request to request and opened again when the server closed it. One request
 * at a time. It costs a tenth of what node:http's agent does, which would else be the greater part of a small call.
 */
export class Connection implements Disposable {
  readonly #port: number;
  readonly #host: string;
  readonly #hostHeader: string;
  #socket: Socket | undefined;
  #waiting: Waiting | undefined;

  constructor(url: string) {
    const { hostname, port, host } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
    this.#hostHeader = host;
  }

  /** A whole request, made once and sent often. */
  bytesOf(method: "GET" | "POST", path: string, headers: Readonly<Record<string, string>>, body = ""): Buffer {
    return Buffer.from(this.#head(method, path, headers, Buffer.byteLength(body)) + body);
  }

  /** Sends a request as it is. @throws Error when the connection breaks before the answer's end */
  send(request: Buffer): Promise<Answered> {
    const waiting = this.#ask(undefined);
    this.#opened().write(request);
    return waiting;
  }

  /**
   * Sends a long body in pieces, never more ahead than the socket takes.
   *
   * @param take gets the answer's body piece by piece; without it the answer holds it all
   */
  async stream(path: string, headers: Readonly<Record<string, string>>, body: Sending, take?: (piece: Buffer) => void): Promise<Answered> {
    const waiting = this.#ask(take);
    waiting.catch(() => {}); // told by the return; here it only must not be unhandled while pieces are sent
    const socket = this.#opened();
    socket.write(this.#head("POST", path, headers, body.bytes));
    for (const piece of body.pieces) {
      if (socket.destroyed || this.#waiting === undefined) break;
      if (!socket.write(piece)) await drained(socket);
    }
    return waiting;
  }

  [Symbol.dispose](): void {
    this.#socket?.destroy();
  }

  #head(method: string, path: string, headers: Readonly<Record<string, string>>, bytes: number): string {
    const lines = Object.entries({ host: this.#hostHeader, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return `${method} ${path} HTTP/1.1\r\n${lines.join("")}${method === "POST" ? `content-length: ${bytes}\r\n` : ""}\r\n`;
  }

  #ask(take: Waiting["take"]): Promise<Answered> {
    if (this.#waiting) throw new Error("A connection carries one request at a time.");
    const answered = Promise.withResolvers<Answered>();
    this.#waiting = { answered, began: performance.now(), pieces: [], take };
    return answered.promise;
  }

  #opened(): Socket {
    if (this.#socket && !this.#socket.destroyed) return this.#socket;
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    const reader = new AnswerReader({
      body: (piece) => {
        const waiting = this.#waiting;
        if (waiting?.take) waiting.take(piece);
        else waiting?.pieces.push(piece);
      },
      end: (head) => this.#answer(head, socket),
    });
    const fail = (error: Error) => {
      socket.destroy();
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#waiting?.answered.reject(error);
      this.#waiting = undefined;
    };
    const guarded = (work: () => void) => {
      try {
        work();
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    };
    socket.on("data", (piece) => guarded(() => reader.push(piece)));
    socket.on("end", () => guarded(() => reader.end()));
    socket.on("close", () => fail(new Error("The connection ended before the answer.")));
    socket.on("error", fail);
    this.#socket = socket;
    return socket;
  }

  #answer({ status, isLast }: Head, socket: Socket): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (isLast) {
      this.#socket = undefined;
      socket.destroy();
    }
    if (!waiting) throw new Error("An answer came that nobody asked for.");
    const { answered, began, pieces } = waiting;
    const [first = Buffer.alloc(0)] = pieces;
    answered.resolve({ status, body: pieces.length < 2 ? first : Buffer.concat(pieces), ms: performance.now() - began });
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}

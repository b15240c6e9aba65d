import { type Agent, request } from "node:http";
import type { Target } from "./job.ts";

/** An answer's status, its bytes, and the milliseconds from the request to the last of them. */
export interface Answered {
  readonly status: number;
  readonly body: Buffer;
  readonly ms: number;
}

/** Sends one request on a connection of the agent. @throws Error when the connection breaks before the answer's end */
export function exchange(
  agent: Agent,
  { url, headers }: Pick<Target, "url" | "headers">,
  path: string,
  body: string | Buffer | null,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const length = body === null ? {} : { "content-length": Buffer.byteLength(body) };
    const began = performance.now();
    const sent = request(url + path, { agent, method: body === null ? "GET" : "POST", headers: { ...headers, ...length } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const ms = performance.now() - began;
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks), ms });
      });
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body ?? undefined);
  });
}

import { spawn } from "node:child_process";
import { type ServerResponse, createServer as serveHttp } from "node:http";
import { createServer as serveStream } from "node:net";
import { join } from "node:path";

// Node's own HTTP server, which has each body come back from a process of Python over a Unix socket, and answers that:
// the least that a call costs whose code is not in the server's process. `floor-with-worker.ts PORT PYTHON SOCKET`
const [port, python = "python3", path = ""] = process.argv.slice(2);
const waiting: ServerResponse[] = [];
const HEAD = 4;

const streams = serveStream((worker) => {
  let rest: Buffer = Buffer.alloc(0);
  worker.on("data", (chunk: Buffer) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    while (rest.length >= HEAD && rest.length >= HEAD + rest.readUInt32LE()) {
      const end = HEAD + rest.readUInt32LE();
      const body = rest.subarray(HEAD, end);
      rest = rest.subarray(end);
      waiting.shift()?.writeHead(200, { "content-length": body.length }).end(body);
    }
  });
  serveHttp((request, response) => {
    const chunks: Buffer[] = [Buffer.alloc(HEAD)];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const frame = Buffer.concat(chunks);
      frame.writeUInt32LE(frame.length - HEAD);
      waiting.push(response);
      worker.write(frame);
    });
  }).listen(Number(port), "127.0.0.1");
});
// The worker ends with this process, as its connection does.
streams.listen(path, () => spawn(python, [join(import.meta.dirname, "floor_worker.py"), path], { stdio: "inherit" }));

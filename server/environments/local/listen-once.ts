import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A unix socket that takes one connection. Disposing stops listening and leaves the connection. */
export async function listenOnce(path: string): Promise<AsyncDisposable & { readonly connection: Promise<Socket> }> {
  // Reading in large pieces is what makes big answers fast.
  const server = createServer({ highWaterMark: 2 ** 20, allowHalfOpen: false });
  const connection = once(server, "connection").then(([socket]) => socket as Socket);
  connection.catch(() => {});
  server.listen(path);
  await once(server, "listening");
  return {
    connection,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

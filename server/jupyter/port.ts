import { createServer } from "node:net";
import { JupyterFailed } from "#contract/errors.ts";

/**
 * The port itself if it is free, or a free one for 0. JupyterLab is then told to take this one and no other.
 * @throws JupyterFailed when it is taken.
 */
export async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((found, failed) => {
    server.once("error", () => failed(new JupyterFailed(`JupyterLab cannot have port ${wanted}: it is in use (BRIDGE_JUPYTER_PORT).`)));
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      found(typeof address === "object" && address ? address.port : wanted);
    });
  });
  await new Promise((closed) => server.close(closed));
  return port;
}

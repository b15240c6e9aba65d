import { hostname } from "node:os";
import { readConfig } from "../server/config.ts";
import { dltkToken } from "../server/plugins/tokens.ts";
import { root } from "./places.ts";

/**
 * The address to enter in DLTK, with the token that it carries, which is made when there is none: that turns these
 * addresses on. It ends with a slash: DLTK's client drops what follows the last one.
 *
 * @throws Error when the token's file holds something else
 */
export async function dltkAddress(home: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const { host: listens, port: asked, tls } = readConfig(env, { root });
  const host = listens === "0.0.0.0" || listens === "::" ? hostname() : listens;
  const port = asked === 0 ? "<port>" : asked; // any free one: `bridge start` prints it
  return `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}/dltk/${encodeURIComponent(await dltkToken(home))}/`;
}

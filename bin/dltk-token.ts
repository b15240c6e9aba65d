import { hostname } from "node:os";
import { dltkToken } from "../server/plugins/tokens.ts";

/**
 * The address to enter in DLTK, with the token that it carries, which is made when there is none: that turns these
 * addresses on. It ends with a slash: DLTK's client drops what follows the last one.
 *
 * @throws Error when the token's file holds something else
 */
export async function dltkAddress(
  home: string,
  { BRIDGE_HOST, BRIDGE_PORT }: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const listens = BRIDGE_HOST?.trim() || "127.0.0.1";
  const host = listens === "0.0.0.0" || listens === "::" ? hostname() : listens;
  const asked = BRIDGE_PORT?.trim() || "5000";
  const port = asked === "0" ? "<port>" : asked; // any free one: `bridge start` prints it
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}/dltk/${encodeURIComponent(await dltkToken(home))}/`;
}

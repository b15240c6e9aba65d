import { hostname, networkInterfaces } from "node:os";

/** Names and addresses under which clients may reach a bridge that listens on `host`: its certificate holds them. */
export function serverNames(host: string, more: readonly string[]): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const own = addresses.filter(({ scopeid }) => !scopeid).map(({ address }) => address);
  const isAny = host === "0.0.0.0" || host === "::";
  return [...new Set([...more, ...(isAny ? [] : [host]), hostname(), "localhost", "127.0.0.1", "::1", ...(isAny ? own : [])])];
}

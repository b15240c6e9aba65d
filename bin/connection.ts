import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { ApiFailed, type BridgeApi, connect } from "./api.ts";
import { homeFolder } from "./places.ts";
import { readToken } from "./token.ts";
import { trustBridge } from "./trust.ts";

/** Options that every command has which asks a bridge. */
export interface Connection {
  readonly url?: string;
  readonly token?: string;
  readonly json?: true;
}

/** Adds --url and --token, and --json unless the answer is a table already. */
export function asksBridge(command: Command, { json = true } = {}): Command {
  command
    .option("--url <address>", "the bridge's address (default: BRIDGE_URL, else where the bridge of BRIDGE_HOME listens)")
    .option("--token <token>", "default: BRIDGE_TOKEN, else the token in BRIDGE_HOME");
  return json ? command.option("--json", "print what the API answers") : command;
}

/** @throws ApiFailed when no token is given and the home has none */
export async function bridgeOf({ url, token }: Connection, env: NodeJS.ProcessEnv = process.env): Promise<BridgeApi> {
  const home = homeFolder(env);
  const own = token || env.BRIDGE_TOKEN || (await readToken(home).catch(() => undefined));
  if (own !== undefined && !/^[\x21-\x7e]+$/.test(own.trim())) {
    throw new ApiFailed(
      "What was given as the token is none: it holds spaces or other signs that no token has.",
      "Copy it again: bridge token prints it.",
    );
  }
  if (own !== undefined) return connect(addressIn(url, env), own.trim());
  throw new ApiFailed(
    `There is no token in ${home}: no bridge was started there yet.`,
    "Start one with npm start or bridge start, or set BRIDGE_HOME or BRIDGE_TOKEN to those of another.",
  );
}

/** Where the bridge of this home said that it listens, when it started last. */
function runningAt(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return readFileSync(join(homeFolder(env), ".bridge", "address"), "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Where the bridge is looked for. The certificate that it made for itself is trusted from now on. @throws ApiFailed when that cannot be known */
export function addressIn(url: string | undefined, env: NodeJS.ProcessEnv): string {
  const known = url || env.BRIDGE_URL || runningAt(env);
  if (!known && env.BRIDGE_PORT?.trim() === "0") {
    throw new ApiFailed(
      "BRIDGE_PORT is 0: the bridge took any free port.",
      "Give the address that bridge start printed, with --url or BRIDGE_URL.",
    );
  }
  const address = known || `http://127.0.0.1:${env.BRIDGE_PORT || 5000}`;
  if (address.startsWith("https:")) trustBridge(env);
  return address;
}

import { z } from "zod";
import { Algorithm } from "#contract/algorithm.ts";
import { ApiFailed, type BridgeApi, unreachable } from "../api.ts";
import { addressIn, bridgeOf, type Connection } from "../connection.ts";
import { readListed } from "../listing.ts";
import { count } from "../show.ts";
import { type Finding, ok, warning, wrong } from "./finding.ts";
import { ofAlgorithms, ofReadiness, Readiness } from "./readiness.ts";

const Live = z.object({ live: z.literal(true) });
const LATE_SECONDS = 60;
const PATIENCE_MS = 10_000;

/** A running bridge: whether it answers, knows the token, and what it says of itself. */
export async function checkBridge(options: Connection, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  try {
    const url = addressIn(options.url, env);
    const live = await lookAt(url);
    return [ok(`a bridge answers at ${url}`), clock(live.headers.get("date")), ...(await toldBy(options, env))];
  } catch (error) {
    if (error instanceof ApiFailed) return [wrong(error.message, error.hint)];
    throw error;
  }
}

/** @throws ApiFailed when no bridge is there */
async function lookAt(url: string): Promise<Response> {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new ApiFailed(`"${url}" is no address of a bridge.`, "Give one such as http://127.0.0.1:5000 with --url or BRIDGE_URL.");
  }
  const answer = await fetch(new URL("/health/live", url), { signal: AbortSignal.timeout(PATIENCE_MS) }).catch((error: unknown) => {
    throw unreachable(url, error);
  });
  if (Live.safeParse(await answer.json().catch(() => undefined)).success) return answer;
  throw new ApiFailed(`What answers at ${url} is no bridge (HTTP ${answer.status}).`, "Name the bridge with --url or BRIDGE_URL.");
}

async function toldBy(options: Connection, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  try {
    const api = await bridgeOf(options, env);
    const answer = await fetch(new URL("/health/ready", api.url), { headers: api.headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status === 401) {
      return [wrong("The bridge does not know this token.", "Give its own with --token or BRIDGE_TOKEN, or set BRIDGE_HOME to its home.")];
    }
    const said = Readiness.safeParse(await answer.json().catch(() => undefined));
    if (!said.success) return [wrong(`The bridge does not say how it is: HTTP ${answer.status}.`, "Look at the bridge's log.")];
    return [...said.data.checks.map(ofReadiness), ...(await algorithms(api))];
  } catch (error) {
    if (error instanceof ApiFailed) return [wrong(error.message, error.hint)];
    return [wrong(`The bridge does not go on answering: ${error instanceof Error ? error.message : error}.`, "Look at its log.")];
  }
}

async function algorithms(api: BridgeApi): Promise<Finding[]> {
  try {
    const { items } = await readListed(api, "/v1/algorithms", Algorithm, { limit: 0, all: true });
    const failing = items.flatMap(ofAlgorithms);
    return failing.length > 0 ? failing : [ok(`${count(items.length, "algorithm")}, none failing`)];
  } catch (error) {
    if (!(error instanceof ApiFailed)) throw error;
    return [wrong(`The bridge cannot say which algorithms it has: ${error.message}`, error.hint)];
  }
}

function clock(date: string | null): Finding {
  const apart = date === null ? 0 : Math.abs(Date.now() - Date.parse(date)) / 1000;
  return apart > LATE_SECONDS
    ? warning(`Its clock and this one are ${Math.round(apart)} s apart.`, "Set both by NTP: times in logs and runs would not agree.")
    : ok("its clock agrees with this one");
}

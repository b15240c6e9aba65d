import { z } from "zod";
import { Algorithm } from "#contract/algorithm.ts";
import { ApiFailed, type BridgeApi } from "../api.ts";
import { addressIn, bridgeOf, type Connection } from "../connection.ts";
import { type Finding, ok, warning, wrong } from "./finding.ts";

const Ready = z.object({ ready: z.boolean(), checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })) });
const LATE_SECONDS = 60;

/** A running bridge: whether it answers, knows the token, and what it says of itself. */
export async function checkBridge(options: Connection, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const url = addressIn(options.url, env);
  const live = URL.canParse("/health/live", url) && (await fetch(new URL("/health/live", url)).catch(() => undefined));
  if (!live) return [warning(`No bridge answers at ${url}.`, "Start one with npm start, or name another with --url or BRIDGE_URL.")];
  const findings = [ok(`a bridge answers at ${url}`), clock(live.headers.get("date"))];
  try {
    findings.push(...(await said(await bridgeOf(options, env))));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const todo =
      error instanceof ApiFailed && error.status === 401
        ? "Give the token of that bridge with --token or BRIDGE_TOKEN."
        : "Set BRIDGE_HOME to that bridge's home, or give --token.";
    findings.push(wrong(`The bridge does not talk to us: ${error.message}`, todo));
  }
  return findings;
}

async function said(api: BridgeApi): Promise<Finding[]> {
  const answer = await fetch(new URL("/health/ready", api.url), { headers: api.headers });
  if (answer.status === 401) throw new ApiFailed("this token is not known there", "", { status: 401 });
  const { checks } = Ready.parse(await answer.json());
  const findings = checks.map(({ name, ok: works, detail }) =>
    works ? ok(`${name}: ${detail || "works"}`) : wrong(`${name}: ${detail || "does not work"}`, "Look at the bridge's log."),
  );
  const all = await api.read("/v1/algorithms", z.array(Algorithm));
  const failing = all.filter(({ state }) => state === "failing").map(({ name }) => name);
  findings.push(
    failing.length === 0
      ? ok(`${all.length} algorithm${all.length === 1 ? "" : "s"}, none failing`)
      : warning(`The last save has errors: ${failing.join(", ")}.`, `See what: bridge algorithms ${failing[0]}`),
  );
  return findings;
}

function clock(date: string | null): Finding {
  const apart = date === null ? 0 : Math.abs(Date.now() - Date.parse(date)) / 1000;
  return apart > LATE_SECONDS
    ? warning(`Its clock and this one are ${Math.round(apart)} s apart.`, "Set both by NTP: times in logs and runs would not agree.")
    : ok("its clock agrees with this one");
}

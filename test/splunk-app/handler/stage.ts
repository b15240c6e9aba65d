import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, authority } from "./certificates.ts";
import { appFolder, handlerProcess } from "./handler-process.ts";
import { type SplunkState, SYSTEM, splunkdRest } from "./splunkd-rest.ts";

export const KEPT = "the-token-that-the-app-keeps";

/** A Splunk with the app installed, its handlers running, and authorities to sign with. */
export async function splunkStage(python: string) {
  const home = await mkdtemp(join(tmpdir(), "splunk-handler-"));
  const app = join(home, "etc/apps/compute_bridge");
  await mkdir(join(home, "var/log/splunk"), { recursive: true });
  await cp(join(appFolder, "bin"), join(app, "bin"), { recursive: true, filter: (file) => !file.includes("__pycache__") });
  const [ours, other] = [await authority(home, "ours"), await authority(home, "other")];
  const state: SplunkState = freshState();
  const splunkd = await splunkdRest(state, await other.sign("DNS:SplunkServerDefaultCert"));
  const token = handlerProcess(python, app, "Token", home);
  const setup = handlerProcess(python, app, "Setup", home);
  const request = (name: string, method: string, more: object) => ({
    ...{ method, output_mode: "json", system_authtoken: state.users[SYSTEM]?.key, server: { rest_uri: splunkd.uri } },
    ...{ session: { user: name, authtoken: state.users[name]?.key ?? "nobody's" }, ...more },
  });
  return {
    ...{ home, app, state, ours, other },
    askToken: (user: string, verb: string) => token.ask(request(user, "POST", { payload: `verb=${verb}`, form: [["verb", verb]] })),
    askSetup: (user: string, body?: object) =>
      setup.ask(request(user, body ? "POST" : "GET", body ? { payload: JSON.stringify(body) } : {})),
    rawToken: (more: object) => token.ask(request("alice", "POST", more)),
    stderr: () => token.stderr() + setup.stderr(),
    /** Text of every file that the app or its log has. */
    async written() {
      const files = await readdir(join(home), { recursive: true, withFileTypes: true });
      const texts = files.filter((each) => each.isFile()).map((each) => readFile(join(each.parentPath, each.name), "utf8"));
      return (await Promise.all(texts)).join("\n");
    },
    async [Symbol.asyncDispose]() {
      for (const each of [token, setup, splunkd]) await each[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}
export type SplunkStage = Awaited<ReturnType<typeof splunkStage>>;
export type { Authority };

/** Alice may apply, Erin may all but set up, Adam sets up. */
export function freshState(): SplunkState {
  const may = (...verbs: string[]) => verbs.map((verb) => `compute_bridge_${verb}`);
  return {
    users: {
      [SYSTEM]: { key: "session-key-of-splunkd-itself", capabilities: [] },
      alice: { key: "session-key-of-alice", capabilities: may("apply", "summary") },
      erin: { key: "session-key-of-erin", capabilities: may("stage", "fit", "apply", "summary", "call") },
      adam: { key: "session-key-of-adam", capabilities: [...may("admin", "apply"), "edit_roles"] },
      bert: { key: "session-key-of-bert", capabilities: may("admin") },
    },
    conf: { bridge: { address: "", ca: "", ca_certificates: "", connect_seconds: "5" }, "environment:Docker": { environment: "default" } },
    passwords: {},
    roles: { "authentication/users": { alice: ["user"], bob: ["user", "can_delete"] }, "authorization/roles": { analyst: ["user"] } },
    isConfigured: false,
    asked: [],
    connections: 0,
  };
}

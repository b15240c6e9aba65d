import { createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { python } from "../notebook-exporter/python.ts";
import { type BridgeState, bridgeRest, SHORT_LIVED } from "./handler/bridge-rest.ts";
import { freshState, KEPT, type SplunkStage, splunkStage } from "./handler/stage.ts";

let stage: SplunkStage;
let bridge: Awaited<ReturnType<typeof bridgeRest>>;
const state: BridgeState = { token: KEPT, asked: [] };

beforeAll(async () => {
  stage = await splunkStage(python);
  bridge = await bridgeRest(state, await stage.ours.sign("IP:127.0.0.1"));
});
afterAll(async () => {
  await bridge?.[Symbol.asyncDispose]();
  await stage?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  Object.assign(stage.state, { broken: undefined, hangsUp: undefined }, freshState());
  Object.assign(stage.state.conf.bridge ?? {}, { address: bridge.address, ca: stage.ours.file });
  stage.state.passwords["compute_bridge:bridge:"] = KEPT;
  Object.assign(state, { token: KEPT, refuses: undefined, notReady: undefined });
  state.asked.length = 0;
});
const set = (settings: Record<string, string>) => Object.assign(stage.state.conf.bridge ?? {}, settings);

/** A port where nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === "object" && address ? address.port : 0;
}

describe("a token for a search", () => {
  it("is asked for with the app's token, for the user and the verb, and comes with all that the command needs", async () => {
    const { status, told } = await stage.askToken("alice", "apply");
    expect({ status, told }).toEqual({
      status: 200,
      told: {
        ...{ address: bridge.address, ca: stage.ours.file, token: SHORT_LIVED, expires_at: "2026-11-21T12:00:00Z" },
        ...{ connect_seconds: 5, answer_seconds: 3600, append: false, environments: { docker: "default" } },
      },
    });
    expect(state.asked).toEqual([{ path: "/v1/tokens", body: { user: "alice", verbs: ["apply"], seconds: 3600 } }]);
  });

  it("takes one connection to splunkd, and further ones where splunkd closes it", async () => {
    expect((await stage.askToken("alice", "apply")).status).toBe(200);
    expect(stage.state.connections).toBe(1);
    const asked = [...stage.state.asked];
    expect(asked).toHaveLength(3);
    for (const hangsUp of ["with a word", "without a word"] as const) {
      Object.assign(stage.state, { hangsUp, connections: 0 });
      stage.state.asked.length = 0;
      expect((await stage.askToken("alice", "apply")).status).toBe(200);
      expect([...new Set(stage.state.asked)]).toEqual(asked);
      expect(stage.state.connections).toBe(3);
    }
  });

  it.each([
    { user: "alice", verb: "fit", role: "bridge_engineer" },
    { user: "bert", verb: "apply", role: "bridge_user" },
  ])("is refused to $user without the capability for $verb, before the bridge is asked", async ({ user, verb, role }) => {
    const { status, told } = await stage.askToken(user, verb);
    expect(status).toBe(403);
    expect(told.error).toContain(`${user} may not ${verb} with compute: the capability compute_bridge_${verb} is missing.`);
    expect(told.hint).toContain(role);
    expect(state.asked).toEqual([]);
    expect(stage.state.asked).toEqual([`GET /services/authentication/current-context by ${user}`]);
  });

  it("is refused for a verb that does not exist, and to nobody's session", async () => {
    expect(await stage.askToken("erin", "admin")).toMatchObject({ status: 400, told: { error: "There is no verb of this name." } });
    expect(await stage.askToken("mallory", "apply")).toMatchObject({ status: 403 });
    expect(state.asked).toEqual([]);
  });

  it("says what is not set up", async () => {
    stage.state.passwords = {};
    expect(await stage.askToken("alice", "apply")).toMatchObject({
      status: 503,
      told: { error: expect.stringContaining("no token of the bridge") },
    });
    set({ address: "" });
    expect(await stage.askToken("alice", "apply")).toMatchObject({ status: 503, told: { error: expect.stringContaining("not set up") } });
  });

  it("is read from a body that came as text alone, or as a form alone", async () => {
    expect((await stage.rawToken({ payload: "verb=summary" })).status).toBe(200);
    expect((await stage.rawToken({ form: [["verb", "summary"]] })).status).toBe(200);
  });

  it("comes with a file of the certificates that were pasted, on each search head", async () => {
    set({ ca: "", ca_certificates: stage.ours.pem.replace(/-----.*-----|\n/g, "") });
    const { told } = await stage.askToken("alice", "apply");
    expect(told.ca).toBe(`${stage.app}/local/ca.pem`);
    set({ ca: String(told.ca), ca_certificates: "" });
    expect((await stage.askToken("alice", "apply")).status).toBe(200);
  });
});

it("a file of certificates may lie in $SPLUNK_HOME, and no other variable is read", async () => {
  set({ ca: stage.ours.file.replace(stage.home, "$SPLUNK_HOME") });
  expect(await stage.askToken("alice", "apply")).toMatchObject({ status: 200, told: { ca: stage.ours.file } });
  set({ ca: "$PATH/ca.pem" });
  expect((await stage.askToken("alice", "apply")).told.error).toBe("There is no file $PATH/ca.pem on this search head.");
});

describe("a token for a search is not to be had", () => {
  const cases: Record<string, { before: () => unknown; status: number; error: RegExp | string }> = {
    "a bridge that is away": {
      before: async () => set({ address: `https://127.0.0.1:${await freePort()}` }),
      status: 502,
      error: "the connection was refused",
    },
    "an authority that did not sign": {
      before: () => set({ ca: stage.other.file }),
      status: 502,
      error: "not signed by the authority that is set",
    },
    "no authority": { before: () => set({ ca: "" }), status: 502, error: "not signed by an authority that Splunk's Python trusts" },
    "a name that is not in the certificate": {
      before: () => set({ address: `https://localhost:${bridge.port}` }),
      status: 502,
      error: "not for the name localhost",
    },
    "a file of certificates that is not there": {
      before: () => set({ ca: "/not/there.pem" }),
      status: 502,
      error: "There is no file /not/there.pem",
    },
    "plain HTTP to another machine": {
      before: () => set({ address: "http://bridge.example:5000" }),
      status: 400,
      error: "plain HTTP to another machine",
    },
    "a token that the bridge does not know": {
      before: () => Object.assign(state, { token: "another" }),
      status: 502,
      error: "does not know the token",
    },
    "a bridge that refuses": {
      before: () => Object.assign(state, { refuses: { status: 403, body: { detail: "Not for alice.", hint: "Ask.", code: "FORBIDDEN" } } }),
      status: 403,
      error: "The bridge refused: Not for alice.",
    },
    "a bridge from before such tokens": {
      before: () => Object.assign(state, { refuses: { status: 400, body: { detail: "name: required", hint: "", code: "BAD_CALL" } } }),
      status: 502,
      error: "too old",
    },
    "a setting that cannot be used": { before: () => set({ answer_seconds: "soon" }), status: 500, error: "answer_seconds = soon" },
  };

  it.each(Object.keys(cases))("with %s", async (name) => {
    const { before, status, error } = cases[name] ?? expect.unreachable();
    await before();
    const answer = await stage.askToken("alice", "apply");
    expect(answer).toMatchObject({ status, told: { error: expect.stringMatching(error), hint: expect.stringMatching(/\w/) } });
    expect(answer.payload).not.toContain(KEPT);
  });

  it("with a bridge that does not answer in time", async () => {
    const silent = createServer();
    await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
    const address = silent.address();
    set({ address: `https://127.0.0.1:${typeof address === "object" && address?.port}`, connect_seconds: "1" });
    expect(await stage.askToken("alice", "apply")).toMatchObject({
      status: 504,
      told: { error: expect.stringContaining("within 1 seconds") },
    });
    silent.close();
  });

  it("with a port that speaks no TLS", async () => {
    const plain = await bridgeRest(state);
    set({ address: `https://127.0.0.1:${plain.port}` });
    expect(await stage.askToken("alice", "apply")).toMatchObject({
      status: 502,
      told: { error: expect.stringContaining("speaks no TLS") },
    });
    set({ address: plain.address });
    expect((await stage.askToken("alice", "apply")).status).toBe(200);
    await plain[Symbol.asyncDispose]();
  });

  it("with a certificate that has expired", async () => {
    const old = await bridgeRest(state, await stage.ours.sign("IP:127.0.0.1", -1));
    set({ address: old.address });
    expect(await stage.askToken("alice", "apply")).toMatchObject({
      told: { error: expect.stringContaining("certificate has expired") },
    });
    await old[Symbol.asyncDispose]();
  });
});

describe("the set-up", () => {
  const entered = () => ({ address: `${bridge.address}/`, ca: stage.ours.file, token: KEPT });
  const steps = (told: Record<string, unknown>) =>
    (told.steps as { ok: boolean; detail: string }[]).map(({ ok, detail }) => `${ok}: ${detail}`);
  const empty = () => {
    set({ address: "", ca: "" });
    stage.state.passwords = {};
  };

  it("is for those alone who may, whatever restmap.conf says", async () => {
    expect(await stage.askSetup("erin")).toMatchObject({ status: 403 });
    expect(await stage.askSetup("erin", { do: "save", ...entered() })).toMatchObject({ status: 403 });
  });

  it("tests the connection and keeps nothing", async () => {
    empty();
    const { told } = await stage.askSetup("adam", { do: "test", ...entered() });
    expect(steps(told)).toEqual([
      "true: A bridge answers, its certificate is good.",
      "true: It knows the token, and is ready.",
      "true: It gives tokens to searches (this one until 2026-11-21T12:00:00Z).",
      "true: 1 algorithm is live.",
    ]);
    expect(told).toMatchObject({ ok: true, saved: false });
    expect(stage.state).toMatchObject({ passwords: {}, conf: { bridge: { address: "" } }, isConfigured: false });
  });

  it("keeps the token in the password store, the rest in compute_bridge.conf, and says that the app is set up", async () => {
    empty();
    expect((await stage.askSetup("adam", { do: "save", ...entered() })).told).toMatchObject({ saved: true });
    expect(stage.state.passwords).toEqual({ "compute_bridge:bridge:": KEPT });
    expect(stage.state.conf.bridge).toMatchObject({ address: bridge.address, ca: stage.ours.file });
    expect(stage.state.isConfigured).toBe(true);
    expect((await stage.askToken("alice", "apply")).status).toBe(200);
    const { told } = await stage.askSetup("adam");
    expect(told).toMatchObject({
      address: bridge.address,
      ca: stage.ours.file,
      has_token: true,
      users: [{ name: "alice", has: ["user"] }, {}],
    });
  });

  it("takes certificates as text, and tells them by their marks alone", async () => {
    empty();
    const body = { do: "save", address: bridge.address, ca_pem: `bridge's\n${stage.ours.pem}`, token: KEPT };
    expect((await stage.askSetup("adam", body)).told).toMatchObject({ saved: true });
    expect((await stage.askToken("alice", "apply")).status).toBe(200);
    expect((await stage.askSetup("adam")).told.pasted).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
    const again = { do: "save", address: bridge.address, keep_pasted: true };
    expect((await stage.askSetup("adam", again)).told).toMatchObject({ saved: true });
    expect((await stage.askSetup("adam", { ...again, keep_pasted: false })).told).toMatchObject({ saved: false });
  });

  it("changes a token that is kept, and leaves it alone when none is entered", async () => {
    state.token = "a-new-token-of-the-bridge";
    expect(steps((await stage.askSetup("adam", { do: "save", ...entered(), token: "" })).told).at(-1)).toMatch(
      "false: The bridge does not know the token",
    );
    await stage.askSetup("adam", { do: "save", ...entered(), token: state.token });
    expect(stage.state.passwords).toEqual({ "compute_bridge:bridge:": state.token });
  });

  it("shows the kept token to no new address", async () => {
    const elsewhere = { do: "test", ...entered(), address: `https://localhost:${bridge.port}`, token: "" };
    expect(await stage.askSetup("adam", elsewhere)).toMatchObject({
      status: 400,
      told: { error: expect.stringContaining("the token is needed again") },
    });
    expect(state.asked).toEqual([]);
  });

  it("saves what fails the test only when it is told to", async () => {
    empty();
    state.notReady = "no Python";
    const { told } = await stage.askSetup("adam", { do: "save", ...entered() });
    expect(steps(told)).toEqual([
      "true: A bridge answers, its certificate is good.",
      "false: It knows the token, but is not ready: python: no Python.",
    ]);
    expect(stage.state.passwords).toEqual({});
    expect((await stage.askSetup("adam", { do: "save", ...entered(), anyway: true })).told).toMatchObject({ ok: false, saved: true });
    expect(stage.state.conf.bridge?.address).toBe(bridge.address);
  });

  it.each([
    [{ address: "bridge.example" }, "is no address"],
    [{ address: "http://bridge.example:5000" }, "plain HTTP to another machine"],
    [{ address: "https://me:secret@bridge.example" }, "a name or a password"],
    [{ address: "https://bridge.example/console" }, "goes on after the port"],
    [{ ca: "", ca_pem: "nothing" }, "no certificate in PEM form"],
    [{ ca: "", ca_pem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }, "not whole"],
    [{ ca: "", ca_pem: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----" }, "a private key"],
    [{ token: "short" }, "no token"],
  ])("refuses %j", async (wrong, error) => {
    const { status, told } = await stage.askSetup("adam", { do: "save", ...entered(), ...wrong });
    expect({ status, told }).toMatchObject({ status: 400, told: { error: expect.stringContaining(error) } });
    expect(stage.state.conf.bridge?.address).toBe(bridge.address);
  });

  it("tells in splunkd's words what could not be kept", async () => {
    stage.state.broken = { path: "/servicesNS/nobody/compute_bridge/configs/conf-compute_bridge/bridge", says: "The disk is full." };
    expect(await stage.askSetup("adam", { do: "save", ...entered() })).toMatchObject({
      status: 502,
      told: { error: expect.stringContaining("The disk is full.") },
    });
  });

  it("gives a role with the rights of the one who asks, and takes none away", async () => {
    const given = await stage.askSetup("adam", { do: "assign", role: "bridge_user", kind: "user", name: "bob" });
    expect(given.told.said).toBe("bob has the role bridge_user now.");
    await stage.askSetup("adam", { do: "assign", role: "bridge_engineer", kind: "role", name: "analyst" });
    expect(stage.state.roles).toMatchObject({
      "authentication/users": { bob: ["user", "can_delete", "bridge_user"] },
      "authorization/roles": { analyst: ["user", "bridge_engineer"] },
    });
    expect(stage.state.asked.filter((each) => each.startsWith("POST")).every((each) => each.endsWith("by adam"))).toBe(true);
    const refused = await stage.askSetup("bert", { do: "assign", role: "bridge_admin", kind: "user", name: "bert" });
    expect(refused.status).toBe(403);
    expect((await stage.askSetup("adam", { do: "assign", role: "admin", kind: "user", name: "bob" })).status).toBe(400);
  });
});

it("no secret is in an answer, on stderr, in a log or in any file of the app", async () => {
  for (const verb of ["apply", "fit"]) await stage.askToken("alice", verb);
  const shown = await stage.askSetup("adam", { do: "save", address: bridge.address, ca: stage.ours.file, token: KEPT });
  const page = await stage.askSetup("adam");
  const written = await stage.written();
  expect(written).toContain('event="refused"');
  const secrets = [KEPT, SHORT_LIVED, ...Object.values(stage.state.users).map(({ key }) => key)];
  for (const secret of secrets)
    for (const text of [shown.payload, page.payload, stage.stderr(), written]) expect(text).not.toContain(secret);
});

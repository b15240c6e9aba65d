import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { python } from "./pythons.ts";
import { playSplunkd, type Splunkd } from "./splunkd.ts";

// The management port with the handler of a small app.
let splunkd: Splunkd;

beforeAll(async () => {
  splunkd = await playSplunkd({
    python,
    bridge: { address: "https://bridge.example:5000", token: "kept-token" },
    users: { alice: ["bridge_engineer"], bob: ["bridge_user"] },
    source: join(import.meta.dirname, "small-app"),
  });
});
afterAll(() => splunkd[Symbol.asyncDispose]());

async function ask(key: string, path: string, form?: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const method = form === undefined ? "GET" : "POST";
    const headers = { authorization: `Splunk ${key}` };
    const options = { method, headers, rejectUnauthorized: false }; // splunkd's own certificate names no host
    request(new URL(path, splunkd.management.uri), options, async (answer) =>
      resolve({ status: answer.statusCode, body: await text(answer) }),
    )
      .on("error", reject)
      .end(form);
  });
}

it("shows a kept password to splunkd alone", async () => {
  const path = "/servicesNS/nobody/compute_bridge/storage/passwords/compute_bridge%3Abridge%3A?output_mode=json";
  const { status, body } = await ask(splunkd.users.systemToken, path);
  expect([status, JSON.parse(body).entry[0].content]).toMatchObject([200, { clear_password: "kept-token", username: "bridge" }]);
  expect((await ask(splunkd.users.login("alice"), path)).status).toBe(403);
  expect((await ask("wrong", path)).status).toBe(401);
  expect((await ask(splunkd.users.systemToken, path.replace("bridge%3A?", "other%3A?"))).status).toBe(404);
});

it("says who a session key is, with what the roles of the app may", async () => {
  const path = "/services/authentication/current-context?output_mode=json";
  expect(JSON.parse((await ask(splunkd.users.login("alice"), path)).body).entry[0].content).toMatchObject({
    username: "alice",
    capabilities: ["compute_bridge_fit", "compute_bridge_apply"],
  });
  expect((await ask(splunkd.users.login("bob"), path)).body).not.toContain("compute_bridge_fit");
});

it("serves the app's settings, local over default", async () => {
  const path = "/servicesNS/nobody/compute_bridge/configs/conf-compute_bridge/bridge?output_mode=json";
  expect(JSON.parse((await ask(splunkd.users.systemToken, path)).body).entry[0].content).toEqual({
    address: "https://bridge.example:5000",
  });
});

it("hands a request to the app's handler, in text and in bytes", async () => {
  const key = splunkd.users.login("alice");
  const answers = [
    await ask(key, "/services/compute_bridge/token", "verb=apply"),
    await ask(key, "/services/compute_bridge/token", "verb=fit"),
  ];
  expect(answers.map(({ status, body }) => [status, JSON.parse(body)])).toMatchObject([
    [201, { gotBytes: true, asked: { form: [["verb", "apply"]], payload: "verb=apply", session: { user: "alice", authtoken: key } } }],
    [201, { gotBytes: false, asked: { form: [["verb", "fit"]], method: "POST", system_authtoken: splunkd.users.systemToken } }],
  ]);
  const failed = await ask(key, "/services/compute_bridge/token", "verb=raise");
  expect([failed.status, failed.body]).toEqual([500, expect.stringContaining("ValueError: as asked")]);
  expect((await ask(key, "/services/compute_bridge/other", "")).status).toBe(404);
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { python } from "../notebook-exporter/python.ts";
import { type BrowserPage, chromiumProgram, openPage } from "./browser/chromium.ts";
import { splunkWeb } from "./browser/splunk-web.ts";
import { type BridgeState, bridgeRest } from "./handler/bridge-rest.ts";
import { freshState, KEPT, type SplunkStage, splunkStage } from "./handler/stage.ts";

// Needs Chromium, such as Debian's package.
describe.skipIf(chromiumProgram === undefined)("the set-up page in a browser", () => {
  let stage: SplunkStage;
  let page: BrowserPage;
  let bridge: Awaited<ReturnType<typeof bridgeRest>>;
  let webs: Awaited<ReturnType<typeof splunkWeb>>[];
  let user = "adam";
  const state: BridgeState = { token: KEPT, asked: [] };

  beforeAll(async () => {
    stage = await splunkStage(python);
    bridge = await bridgeRest(state, await stage.ours.sign("IP:127.0.0.1"));
    webs = await Promise.all([true, false].map((partsFirst) => splunkWeb((body) => stage.askSetup(user, body), partsFirst)));
    page = await openPage(chromiumProgram ?? "");
  });
  afterAll(async () => {
    for (const each of [page, bridge, stage, ...(webs ?? [])]) await each?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    Object.assign(stage.state, freshState());
    user = "adam";
  });

  const open = (which = 0) => page.goTo(webs[which]?.page ?? "");
  const field = (name: string) => `document.querySelector("[name=${name}]")`;
  const enter = (values: Record<string, string>) =>
    page.run(
      Object.entries(values)
        .map(([name, value]) => `${field(name)}.value = ${JSON.stringify(value)}`)
        .join("; "),
    );
  const press = (text: string) =>
    page.run(`Array.from(document.querySelectorAll("button")).find((each) => each.textContent === ${JSON.stringify(text)}).click()`);
  const shown = async (kind: string) => {
    await page.until(`document.querySelector("[role=status] p.${kind}")`);
    return (await page.run(
      `Array.from(document.querySelectorAll("[role=status] p"), (each) => each.className + ": " + each.textContent)`,
    )) as string[];
  };

  it.each([0, 1])("sets the app up: address, pasted certificate, token (parts before the script or after it: %i)", async (which) => {
    await open(which);
    await page.until(field("address"));
    await enter({ address: bridge.address, ca_pem: stage.ours.pem, token: KEPT });
    await press("Test and save");
    const lines = await shown("good");
    expect(lines[0]).toBe("good: reach the bridge: A bridge answers, its certificate is good.");
    expect(lines.at(-1)).toMatch(/^good: Saved\./);
    expect(stage.state.passwords).toEqual({ "compute_bridge:bridge:": KEPT });
    expect(stage.state.isConfigured).toBe(true);
    expect(await page.run(`${field("token")}.value`)).toBe("");
  });

  it("says what is wrong, saves nothing, and saves it all the same when told to", async () => {
    await open();
    await page.until(field("address"));
    await enter({ address: bridge.address, ca_pem: stage.other.pem, token: KEPT });
    await press("Test");
    expect(await shown("bad")).toEqual([
      expect.stringMatching(/^bad: reach the bridge: .*not signed by the authority that is set\.\n.*ca\.pem/),
    ]);
    await press("Test and save");
    await page.until(`document.body.textContent.includes("Nothing was saved.")`);
    expect(stage.state.passwords).toEqual({});
    await press("Save all the same");
    await page.until(`document.body.textContent.includes("Saved.")`);
    expect(stage.state.conf.bridge?.address).toBe(bridge.address);
  });

  it("shows the kept settings, never the token, and no text as HTML", async () => {
    stage.state.passwords["compute_bridge:bridge:"] = KEPT;
    const address = `https://"><img src=x onerror="document.title='run'">`;
    Object.assign(stage.state.conf.bridge ?? {}, { address });
    await open();
    await page.until(field("address"));
    expect(await page.run(`${field("address")}.value`)).toBe(address);
    expect(await page.run("document.documentElement.outerHTML")).not.toContain(KEPT);
    await press("Test");
    await shown("bad");
    expect(await page.run("document.title + document.querySelectorAll('img').length")).toBe("Set up0");
  });

  it("gives a role and shows who has one", async () => {
    await open();
    await page.until(field("role"));
    await page.run(`${field("role")}.value = "bridge_engineer"`);
    await enter({ name: "bob" });
    await press("Give the role");
    await page.until(`document.querySelector("table")?.textContent.includes("bob")`);
    expect(stage.state.roles["authentication/users"]?.bob).toContain("bridge_engineer");
    await enter({ name: "nobody" });
    await press("Give the role");
    expect((await shown("bad")).join()).toContain("There is no user nobody.");
  });

  it("tells those who may not that they may not", async () => {
    user = "alice";
    await open();
    expect(await shown("bad")).toEqual([expect.stringMatching(/^bad: alice may not set this app up\./)]);
  });

  it("can be read with labels: each field has one", async () => {
    await open();
    await page.until(field("address"));
    const without = `Array.from(document.querySelectorAll("input, select, textarea")).filter((each) => !each.labels.length).map((each) => each.name)`;
    expect(await page.run(without)).toEqual([]);
  });
});

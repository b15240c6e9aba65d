import { describe, expect, it } from "vitest";
import { bridgeRest, SHORT_LIVED } from "./handler/bridge-rest.ts";
import { KEPT, splunkStage } from "./handler/stage.ts";
import { pythons } from "./splunkd/pythons.ts";

describe.each(pythons)("the handlers under Python $version", ({ python: path }) => {
  it("give a token, with TLS on both sides, and take certificates as text", async () => {
    const stage = await splunkStage(path);
    const bridge = await bridgeRest({ token: KEPT, asked: [] }, await stage.ours.sign("IP:127.0.0.1"));
    const saved = await stage.askSetup("adam", { do: "save", address: bridge.address, ca_pem: stage.ours.pem, token: KEPT });
    expect(saved.told).toMatchObject({ ok: true, saved: true });
    expect((await stage.askToken("alice", "apply")).told).toMatchObject({ token: SHORT_LIVED });
    stage.state.conf.bridge = { ...stage.state.conf.bridge, address: `https://localhost:${bridge.port}` };
    expect((await stage.askToken("alice", "apply")).told.error).toBe("The bridge's certificate is not for the name localhost.");
    expect(stage.stderr()).toBe("");
    await bridge[Symbol.asyncDispose]();
    await stage[Symbol.asyncDispose]();
  });
});

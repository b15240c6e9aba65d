import { describe, expect, it } from "vitest";
import { readConfig } from "../../server/config.ts";

const read = (env: NodeJS.ProcessEnv) => readConfig(env, { root: "/checkout", memory: 10_000_000_000 });
const long = "0123456789abcdef";

describe("readConfig", () => {
  it("has a default for everything", () => {
    expect(read({ BRIDGE_PORT: "", HOME: "/root" })).toEqual({
      home: "/checkout/home",
      store: null,
      host: "127.0.0.1",
      port: 5000,
      python: "/checkout/.python/models/bin/python",
      jupyter: { program: "/checkout/.python/jupyter/bin/jupyter", port: 8888 },
      memory: 6_000_000_000,
      queue: 64,
      timeout: 3600,
      keepRuns: 100_000,
      tokens: [],
      watch: "notify",
      logLevel: "info",
      tls: null,
    });
  });

  it.each([
    [{ BRIDGE_HOME: "/srv" }, { home: "/srv" }],
    [{ BRIDGE_HOME: "../mine" }, { home: "/mine" }],
    [{ BRIDGE_PYTHON: "python3" }, { python: "python3" }],
    [{ BRIDGE_PORT: "0" }, { port: 0 }],
    [{ BRIDGE_JUPYTER: "off" }, { jupyter: null }],
    [{ BRIDGE_JUPYTER_PORT: "0" }, { jupyter: { program: "/checkout/.python/jupyter/bin/jupyter", port: 0 } }],
    [{ BRIDGE_STORE: "postgres://me:secret@db:5433/bridge" }, { store: "postgres://me:secret@db:5433/bridge" }],
    [{ BRIDGE_MEMORY: "8G" }, { memory: 8 * 2 ** 30 }],
    [{ BRIDGE_MEMORY: "512M" }, { memory: 2 ** 29 }],
    [{ BRIDGE_MEMORY: "1.5G" }, { memory: 1.5 * 2 ** 30 }],
    [{ BRIDGE_KEEP_RUNS: "2000000" }, { keepRuns: 2_000_000 }],
    [{ BRIDGE_HOST: "::1" }, { tls: null }],
    [{ BRIDGE_HOST: "0.0.0.0", BRIDGE_TLS_NAMES: "a.example, 10.0.0.7" }, { tls: { names: ["a.example", "10.0.0.7"] } }],
    [{ BRIDGE_TLS: "on" }, { tls: { names: [] } }],
    [{ BRIDGE_TLS_CERT: "c.pem", BRIDGE_TLS_KEY: "/k.pem" }, { tls: { cert: "/checkout/c.pem", key: "/k.pem" } }],
    [
      { BRIDGE_TOKENS: `splunk=${long}, ${long}==`, api_token: "x" },
      {
        tokens: [
          { name: "splunk", token: long },
          { name: "token-2", token: `${long}==` },
          { name: "api_token", token: "x" },
        ],
      },
    ],
  ])("reads %j", (env, config) => {
    expect(read(env)).toMatchObject(config);
  });

  it.each([
    { BRIDGE_PORT: "65536" },
    { BRIDGE_PORT: "-1" },
    { BRIDGE_TLS: "off" },
    { BRIDGE_HOST: "0.0.0.0:1" },
    { BRIDGE_HOST: "[::1]:5000" },
    { BRIDGE_PORT: "5e3" },
    { BRIDGE_JUPYTER_PORT: "x" },
    { BRIDGE_STORE: "mysql://db/bridge" },
    { BRIDGE_MEMORY: "8" },
    { BRIDGE_MEMORY: "1M" },
    { BRIDGE_MEMORY: "-8G" },
    { BRIDGE_QUEUE: "0" },
    { BRIDGE_KEEP_RUNS: "10" },
    { BRIDGE_TIMEOUT: "0.5" },
    { BRIDGE_HOST: "http://x/" },
    { BRIDGE_LOG: "loud" },
    { BRIDGE_TOKENS: "verylongteamname=short" },
    { BRIDGE_TOKENS: `a=${long},a=${long}1` },
  ])("refuses %j and says what is allowed", (env) => {
    const [name] = Object.keys(env);
    expect(() => read(env)).toThrow(new RegExp(`^${name} .*cannot be used: give `));
  });

  it("takes no certificate without its key, and no key without its certificate", () => {
    expect(() => read({ BRIDGE_TLS_CERT: "c.pem" })).toThrow(/^BRIDGE_TLS_CERT needs BRIDGE_TLS_KEY/);
    expect(() => read({ BRIDGE_TLS_KEY: "k.pem" })).toThrow(/^BRIDGE_TLS_KEY needs BRIDGE_TLS_CERT/);
  });

  it("names every wrong variable and shows no token", () => {
    expect(() => read({ BRIDGE_PORT: "x", BRIDGE_TOKENS: "hunter2" })).toThrow(
      /^BRIDGE_PORT is "x", which cannot be used: .*\nBRIDGE_TOKENS cannot be used: (?!.*hunter2)/,
    );
  });
});

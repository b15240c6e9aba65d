import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand, runShell } from "./command-line.ts";

const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8"));
/** Nothing is asked of a bridge here: who listens at this address would be told. */
const env = { BRIDGE_URL: "http://127.0.0.1:9", BRIDGE_TOKEN: "t".repeat(20) };
const run = (...args: string[]) => runCommand(args, { env });

describe("help", () => {
  it("is there however one asks", async () => {
    expect(await run("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
    const whole = await run("help");
    expect(whole).toMatchObject({ code: 0, err: "" });
    for (const each of ["compute ", "doctor ", "First steps:"]) expect(whole.out).toContain(each);
    expect((await run("--help")).out).toBe(whole.out);
    expect(await run()).toEqual({ code: 2, out: "", err: whole.out });
    const compute = await run("compute", "--help");
    expect(compute.out).toContain("Examples:\n  bridge compute my_algorithm fit");
    expect((await run("help", "compute")).out).toBe(compute.out);
    expect((await run("help", "models", "delete")).out).toContain("Usage: bridge models delete [options] <name>");
  });
});

describe("wrong usage", () => {
  it.each<[string[], string]>([
    [["nonsense"], "unknown command 'nonsense'"],
    [["computer"], "Did you mean compute?"],
    [["help", "computer"], "Did you mean compute?"],
    [["tokens", "ad", "x"], '"ad" is no command of bridge tokens\n  Did you mean add?'],
    [["tokens", "lst"], "Did you mean list?"],
    [["models", "delte", "x"], "Did you mean delete?"],
    [["runs", "--limt", "3"], "Did you mean --limit?"],
    [["start", "now"], '"now" is one word too many for bridge start'],
    [["algorithms", "a", "b"], '"b" is one word too many for bridge algorithms'],
    [["versions", "list", "x"], '"x" is one word too many'],
    [["runs", "--state", "faild"], "Allowed choices are queued, running"],
    [["export"], "missing required argument 'notebook'"],
  ])("%j names what was meant", async (args, said) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^error: .*\n(?: {2}.*\n)+$/);
    expect(err).toContain(said);
    expect(err).toMatch(/ {2}bridge.* --help says more\.\n$/);
  });

  it.each([
    [["runs", "--limit", "1", "--limit", "2"], "--limit is given twice"],
    [["algorithms", "--url", "http://a", "--url", "http://b"], "--url is given twice"],
    [["compute", "a", "x=1", "x=2"], "x= is given twice"],
    [["compute", "a", "algorithm=b"], 'the algorithm is given twice: "a" and algorithm=b'],
    [["compute", "a", "fit", "method=apply"], 'the method is given twice: "fit" and method=apply'],
    [["datasets", "--all", "delete", "x"], '--all belongs after "delete"'],
    [["datasets", "delete", "x", "--all"], "unknown option '--all'"],
    [["runs", "--limit", "1", "--all"], "'--all' cannot be used with option '--limit <number>'"],
  ])("%j drops nothing silently", async (args, said) => {
    expect(await run(...args)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(said) });
  });

  it.each([
    [["runs", "--limit", "x"], "Give a whole number from 1."],
    [["runs", "--limit", "0"], "Give a whole number from 1."],
    [["runs", "--limit", "1.5"], "Give a whole number from 1."],
    [["runs", "x"], "Give the id of a run"],
    [["datasets", ".."], "Give the name of one"],
    [["datasets", "delete", ""], "Give the name of one"],
    [["tokens", "add", "x y"], "A token's name begins with a letter"],
    [["models", "delete", "m", "--model-version", "-"], "A version is a number from 1"],
    [["compute", "a", "--timeout", "x"], "Give a number of seconds above 0"],
    [["compute", "a", "=3"], '"=3" has no key: write key=value'],
    [["compute", "", "x=1"], "name an algorithm"],
    [["compute", "algorithm="], "name an algorithm"],
  ])("%j says what is allowed", async (args, said) => {
    expect(await run(...args)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(said) });
  });

  it("a folder as input, and input that cannot be read", async () => {
    expect(await runShell("bridge compute a < /tmp", env)).toMatchObject({
      code: 2,
      err: expect.stringContaining("standard input is a folder"),
    });
  });

  it("shows no controls of what was typed", async () => {
    expect((await run("non\u001b[2Jsense")).err).toContain("unknown command 'non\\u001b[2Jsense'");
  });

  it("of a token", async () => {
    const { code, err } = await runCommand(["runs"], { env: { ...env, BRIDGE_TOKEN: "a b\nc" } });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^What was given as the token is none/) });
  });
});

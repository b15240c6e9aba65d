import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFrame, FRAMES_TYPE, FrameKind } from "#contract/frames.ts";
import { saveNotebook } from "../server/support/bridge.ts";
import { type BridgeProcess, bridgeProcess } from "../server/support/bridge-process.ts";
import { endOf, runCommand, runShell, startCommand } from "./command-line.ts";

const python = resolve(import.meta.dirname, "../../.python/models/bin/python");

let bridge: BridgeProcess;
let env: Record<string, string>;
beforeAll(async () => {
  bridge = await bridgeProcess();
  env = { BRIDGE_HOME: bridge.home, BRIDGE_URL: bridge.url };
  await saveNotebook(
    join(bridge.home, "notebooks/rows.ipynb"),
    [
      `def apply(model, df, param):
    if (df["a"] < 0).any():
        raise ValueError("below zero: \\x1b]0;title\\x07")
    return df`,
    ],
    { options: { apply: "row-wise", types: { a: "int64", b: "object" } } },
  );
  await saveNotebook(join(bridge.home, "notebooks/prints.ipynb"), [
    'def fit(model, df, param):\n    return model\ndef apply(model, df, param):\n    print("\\x1b[31mred")\n    return df',
  ]);
  await saveNotebook(join(bridge.home, "notebooks/kept.ipynb"), [
    "import json\ndef init(df, param):\n    return {}",
    "def fit(model, df, param):\n    return model",
    "def apply(model, df, param):\n    return df",
    'def save(model, name):\n    json.dump(model, open("/srv/app/model/data/" + name, "w"))\n    return model',
    'def load(name):\n    return json.load(open("/srv/app/model/data/" + name))',
  ]);
});
afterAll(() => bridge[Symbol.asyncDispose]());
const run = (args: string[], input: string | Readable = "") => runCommand(args, { input, env });

/** Answers any call with these frames and then, unless `isWhole`, cuts the connection. */
async function answering(frames: readonly Buffer[], { isWhole }: { isWhole: boolean }) {
  const server = createServer(async (request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": FRAMES_TYPE });
    response.write(Buffer.concat(frames), () => (isWhole ? response.end() : response.destroy()));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.dispose]: () => void server.close() };
}

describe("bridge compute that fails after rows went out", () => {
  it("says how much was written, beside what happened", async () => {
    const block = '1,"x\ny"\n'.repeat(50_000);
    const { code, out, err } = await run(
      ["compute", "rows"],
      Readable.from(["a,b\n", ...Array.from({ length: 24 }, () => block), "-1,x\n"]),
    );
    expect(code).toBe(1);
    const written = out.split('1,"x\ny"\n').length - 1;
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThanOrEqual(1_200_000);
    expect(err).toContain('below zero: \\u001b]0;title\\u0007 (rows, cell 1 "cell1", line 3)\n  ');
    const told = `The output is incomplete: ${written.toLocaleString("en")} rows (${Buffer.byteLength(out).toLocaleString("en")} bytes) were written before.\n`;
    expect(err.endsWith(told), err).toBe(true);
  });

  it("says no such thing when nothing went out", async () => {
    const { code, out, err } = await run(["compute", "rows"], "a,b\n-1,x\n");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).not.toContain("incomplete");
  });

  it.each([
    [true, /^The answer stopped before its end\.\n {2}Run it again\.\n/],
    [false, /^The answer broke off: .*\n {2}Look whether the bridge still runs/],
  ])("when the answer has no end (closed by the bridge: %s)", async (isWhole, said) => {
    using server = await answering([encodeFrame(FrameKind.table, "a\n1\n2\n")], { isWhole });
    const given = { BRIDGE_URL: server.url, BRIDGE_TOKEN: "t".repeat(20) };
    const { code, out, err } = await runCommand(["compute", "any", "summary"], { env: given });
    expect({ code, out }).toEqual({ code: 1, out: "a\n1\n2\n" });
    expect(err).toMatch(said);
    expect(err).toMatch(/The output is incomplete: 2 rows \(6 bytes\) were written before\.\n$/);
  });

  it("when what answers sends no frames", async () => {
    using server = await answering([Buffer.from("<html>hello</html>")], { isWhole: true });
    const { code, err } = await runCommand(["compute", "any", "summary"], {
      env: { BRIDGE_URL: server.url, BRIDGE_TOKEN: "t".repeat(20) },
    });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^The answer broke off: 0x3c .*\n {2}Look .*\n$/) });
  });

  it("when it is stopped by Ctrl-C", async () => {
    const child = startCommand(["compute", "rows", "--quiet"], env);
    const ended = endOf(child);
    child.stdin?.write(`a,b\n${"1,x\n".repeat(2_000_000)}`);
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130, err: expect.stringMatching(/^The output is incomplete: [\d,]+ rows/) });
  });

  it("when the disk is full", async () => {
    const { code, err } = await runShell(`printf 'a,b\\n1,x\\n' | bridge compute rows --quiet > /dev/full`, env);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^What was asked for could not be written: ENOSPC/) });
  });
});

describe("a result that a file does not take whole", () => {
  it.each([
    ["bridge compute rows --quiet", 100],
    ["bridge algorithms --json", 1],
  ])("is no success: %s", async (command, kilobytes) => {
    const folder = await mkdtemp(join(tmpdir(), "bridge-out-"));
    try {
      const rows = "1,x\n".repeat(40_000);
      await writeFile(join(folder, "in"), `a,b\n${rows}`);
      // The system takes a part of the first write, and refuses the next.
      const { code, err } = await runShell(`ulimit -f ${kilobytes}; ${command} < ${folder}/in > ${folder}/out`, env);
      const { size } = await stat(join(folder, "out"));
      expect({ code, size }).toEqual({ code: 1, size: kilobytes * 1024 });
      expect(err).toMatch(/^What was asked for could not be written: EFBIG.*\n {2}Make room there/);
      if (command.includes("compute")) expect(err).toContain("The output is incomplete: 25,599 rows (102,400 bytes) were written before.");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("bridge compute with bad input", () => {
  it("tells that nothing came, or that it cannot be read", async () => {
    const said = "There are no rows: standard input was empty.\n  Give CSV with a header line, as in bridge compute … < rows.csv.\n";
    expect(await run(["compute", "prints"], "")).toEqual({ code: 1, out: "", err: said });
    expect(await runShell("bridge compute prints < /dev/null", env)).toEqual({ code: 1, out: "", err: said });
    expect(await runShell("bridge compute prints < /proc/self/mem", env)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^The rows cannot be read: EIO/),
    });
  });

  it("names the model and the key that may have been meant", async () => {
    expect((await run(["compute", "kept", "fit", "model_name=first"], "a\n1\n")).code).toBe(0);
    const { code, err } = await run(["compute", "kept", "model_name=frist"], "a\n1\n");
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/ {2}Did you mean model_name=first\?\n$/) });
    const doubtful = await run(["compute", "rows", "model=x"], "a,b\n1,x\n");
    expect(doubtful).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^model= goes to the notebook's code; did you mean model_name=\?\n/),
    });
    expect((await run(["compute", "rows", "threshold=1"], "a,b\n1,x\n")).err).not.toContain("did you mean");
    expect(await run(["compute", "rows", "aply"], "a,b\n1,x\n")).toMatchObject({
      code: 1,
      err: expect.stringContaining("Use one of: apply"),
    });
  });

  it("names the command that may have been meant", async () => {
    const { code, err } = await run(["models", "delte"]);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^There is no model named "delte"\.\n.*\n {2}Or did you mean bridge models delete\?\n$/),
    });
  });

  it.each(["models", "versions", "runs"])("%s of an algorithm that is not there", async (list) => {
    const args = list === "versions" ? [list, "kpt"] : [list, "--algorithm", "kpt"];
    expect(await run(args)).toEqual({ code: 1, out: "", err: 'There is no algorithm named "kpt".\n  Use one of: kept.\n' });
  });
});

describe("terminals", () => {
  it("get no controls of what code printed; files do, and rows stay what they are", async () => {
    expect((await run(["compute", "prints"], "a\n\u001b[1m\n")).err).toContain("\u001b[31mred");
    const terminal = spawn(
      python,
      ["-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)", process.execPath, resolve("bin/cli.ts"), "compute", "prints"],
      {
        env: { PATH: process.env.PATH, ...env },
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    terminal.stdin.write("a\n\u001b[1m\n\u0004");
    const { out } = await endOf(terminal);
    expect(out).toContain("\\u001b[31mred");
    expect(out).not.toContain("\u001b[31m");
    expect(out).toContain("a\r\n\u001b[1m\r\n");
  });
});

describe("the bridge that is asked", () => {
  it("is the one that is named after a deletion", async () => {
    await saveNotebook(join(bridge.home, "notebooks/gone.ipynb"), ["def apply(model, df, param):\n    return df"]);
    expect((await run(["compute", "gone"], "a\n1\n")).code).toBe(0);
    await rm(join(bridge.home, "notebooks/gone.ipynb"));
    const elsewhere = await run(["algorithms", "delete", "gone", "--url", "http://127.0.0.1:9"]);
    expect(elsewhere).toMatchObject({ code: 1, err: expect.stringMatching(/^No bridge answers at http:\/\/127\.0\.0\.1:9/) });
    expect((await run(["algorithms", "gone"])).code).toBe(0);
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const cli = resolve(import.meta.dirname, "../../bin/cli.ts");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "settings-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `bridge start` with settings that cannot be used: it must end by itself. */
async function start(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const home = join(folder, "home");
  const child = spawn(process.execPath, [cli, "start"], {
    env: { PATH: process.env.PATH ?? "", BRIDGE_HOME: home, BRIDGE_PORT: "0", BRIDGE_JUPYTER: "off", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const [code] = await once(child, "close");
  // Warnings of the log are lines of JSON.
  return {
    code,
    said: said
      .split("\n")
      .filter((line) => !line.startsWith("{"))
      .join("\n")
      .trim(),
  };
}

describe("a start with settings that cannot be used", () => {
  it.each([
    [{ BRIDGE_PYTHON: "/nope/python" }, "BRIDGE_PYTHON: /nope/python cannot be run as Python: there is no such file."],
    [{ BRIDGE_PYTHON: "/bin/true" }, "BRIDGE_PYTHON: /bin/true is no Python."],
    [{ BRIDGE_PYTHON: "/bin/false" }, "BRIDGE_PYTHON: /bin/false cannot be run as Python: "],
    [{ BRIDGE_HOST: "0.0.0.0:1" }, 'BRIDGE_HOST is "0.0.0.0:1", which cannot be used: give an address or name of this machine'],
    [{ BRIDGE_HOST: "192.0.2.1" }, 'BRIDGE_HOST is "192.0.2.1", which is no address or name of this machine (EADDRNOTAVAIL). Give one'],
    [{ BRIDGE_HOME: "/etc/hostname" }, "BRIDGE_HOME is /etc/hostname, which cannot be used: "],
  ])("ends with one sentence of what is wrong and what to do: %j", async (env, sentence) => {
    const { code, said } = await start(env);
    expect(said).toContain(sentence);
    expect([code, said.split("\n").length]).toEqual([1, 1]);
    expect(said).toMatch(/(Set|Give|give|unset) /);
  });

  it("names the packages that its Python lacks", async () => {
    const bare = join(folder, "python");
    // A real Python without any package of its own.
    await writeFile(bare, `#!/bin/sh\nshift\nexec python3 -I -S "$@"\n`);
    await chmod(bare, 0o755);
    const { code, said } = await start({ BRIDGE_PYTHON: bare });
    expect(said).toContain("lacks numpy, pandas, pyarrow, IPython, pyflakes, packaging. Set BRIDGE_PYTHON to a Python that has them");
    expect([code, said.split("\n").length]).toEqual([1, 1]);
  });

  it("says that its port is in use, and has touched nothing", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const home = join(folder, "untouched");
    const { code, said } = await start({ BRIDGE_PORT: String(port), BRIDGE_HOME: home });
    other.close();
    expect(said).toContain(`The bridge cannot listen at 127.0.0.1 port ${port}: something listens there already.`);
    expect([code, said.split("\n").length]).toEqual([1, 1]);
    await expect(readdir(home)).rejects.toThrow("ENOENT");
  });
});

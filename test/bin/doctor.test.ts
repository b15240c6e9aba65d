import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { saveNotebook } from "../server/support/bridge.ts";
import { type BridgeProcess, bridgeProcess } from "../server/support/bridge-process.ts";
import { noPostgres, startPostgres } from "../server/support/postgres.ts";
import { runCommand, runShell } from "./command-line.ts";

const jupyter = resolve(import.meta.dirname, "../../.python/jupyter/bin");
const isRoot = process.getuid?.() === 0;
const own = isRoot ? "unshare --mount" : "unshare --map-root-user --mount";

let folder: string;
let bridge: BridgeProcess;
let env: Record<string, string>;
/** For what has to do with neither of them: looking at them takes seconds. */
let quick: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "doctor-"));
  const program = async (path: string, script: string) => {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    return file;
  };
  quick = { BRIDGE_PYTHON: await program("quick/python", "echo 3.12.0"), BRIDGE_JUPYTER: await program("quick/jupyter", "echo 4.0.0") };
  // JupyterLab runs in the Python beside its program.
  await program("lab/python", `[ -e ${folder}/stopped ] && exit 1\nexec ${jupyter}/python "$@"`);
  const mayStop = await program("lab/jupyter", `exec ${jupyter}/jupyter "$@"`);
  bridge = await bridgeProcess(undefined, { env: { BRIDGE_JUPYTER: mayStop, BRIDGE_JUPYTER_PORT: "0" } });
  env = { BRIDGE_HOME: bridge.home, BRIDGE_URL: bridge.url };
});
afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** The lines that are no "ok", each with what to do. */
async function complaints(given: Record<string, string> = {}, all: Record<string, string> = quick) {
  const { code, out, err } = await runCommand(["doctor", "--json"], { env: { ...env, ...all, ...given } });
  expect(err).toBe("");
  const found = JSON.parse(out) as { state: string; what: string; todo?: string }[];
  const wrong = found.filter(({ state }) => state === "error");
  expect(code).toBe(wrong.length > 0 ? 1 : 0);
  for (const each of wrong) expect(each.todo).toMatch(/^[A-Z].*\.?$/);
  return wrong.map(({ what }) => what);
}

describe("bridge doctor", () => {
  it("finds nothing wrong where nothing is", async () => {
    const { code, out } = await runCommand(["doctor"], { env });
    expect(out).not.toContain("error  ");
    for (const each of [`ok       a bridge answers at ${bridge.url}`, "ok       jupyter: works", "ok       the store can be read"])
      expect(out).toContain(each);
    expect(code).toBe(0);
  });

  it("tells a bridge that does not run, and an address that is none or not a bridge's", async () => {
    expect(await complaints({ BRIDGE_URL: "http://127.0.0.1:1" })).toEqual([
      expect.stringMatching(/^No bridge answers at http:\/\/127.0.0.1:1: /),
    ]);
    expect(await complaints({ BRIDGE_URL: "nonsense" })).toEqual(['"nonsense" is no address of a bridge.']);
    const elsewhere = { BRIDGE_URL: "", BRIDGE_HOME: join(folder, "none"), BRIDGE_PORT: "0" };
    expect(await complaints(elsewhere)).toContain("BRIDGE_PORT is 0: the bridge took any free port.");
    const other = createServer((_request, response) => response.writeHead(404).end("<html>")).listen(0, "127.0.0.1");
    await once(other, "listening");
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect(await complaints({ BRIDGE_URL: url })).toEqual([`What answers at ${url} is no bridge (HTTP 404).`]);
    other.close();
  });

  it("tells a wrong token, and a home without one", async () => {
    expect(await complaints({ BRIDGE_TOKEN: "x".repeat(20) })).toEqual(["The bridge does not know this token."]);
    expect(await complaints({ BRIDGE_HOME: join(folder, "none") })).toEqual([expect.stringMatching(/^There is no token in /)]);
  });

  it("tells settings and programs that do not work", async () => {
    expect(await complaints({ BRIDGE_PYTHON: "/nowhere/python", BRIDGE_QUEUE: "x", BRIDGE_JUPYTER: "/nowhere/jupyter" })).toEqual([
      expect.stringContaining("BRIDGE_QUEUE"),
      "The models' Python does not work: /nowhere/python",
      "JupyterLab does not start: /nowhere/jupyter",
    ]);
    await mkdir(join(folder, "packages/pyarrow"), { recursive: true });
    await writeFile(join(folder, "packages/pyarrow/__init__.py"), 'raise ImportError("libarrow.so is not for this machine")');
    expect(await complaints({ PYTHONPATH: join(folder, "packages") }, { BRIDGE_JUPYTER: quick.BRIDGE_JUPYTER ?? "" })).toEqual([
      expect.stringMatching(/^The models' Python does not work: .*: pyarrow cannot be imported: ImportError: libarrow.so is not/),
    ]);
  });

  it("tells a notebook with problems, at its place, without controls", async () => {
    await saveNotebook(join(bridge.home, "notebooks/half\u202e.ipynb"), ["x = 1", "def apply(model, df, param):\n    return nothing["]);
    await expect.poll(() => complaints(), { timeout: 30_000 }).toEqual([expect.stringMatching(/^half.*\.ipynb cell 2 line 2: error: /)]);
    const { out } = await runCommand(["doctor"], { env: { ...env, ...quick } });
    expect(out).toMatch(/^error {4}half\\u202e\.ipynb cell 2 line 2: .*\n {9}Mend it and save\./m);
    await rm(join(bridge.home, "notebooks/half\u202e.ipynb"));
  });

  it("tells a store that cannot be read", async () => {
    const home = join(folder, "broken");
    await mkdir(join(home, ".bridge"), { recursive: true, mode: 0o700 });
    await writeFile(join(home, ".bridge/store.sqlite"), "this is no database, whatever its name may be".repeat(100));
    expect(await complaints({ BRIDGE_HOME: home, BRIDGE_TOKEN: bridge.token })).toEqual([
      expect.stringMatching(/^The store .*store\.sqlite cannot be read: /),
    ]);
  });

  it("tells a disk that is almost full", async (context) => {
    if (!works(`${own} mount -t tmpfs tmpfs /mnt`)) return context.skip("this machine lets nobody mount in a namespace of his own");
    const small = join(folder, "small");
    await mkdir(small);
    const line = `$BRIDGE_CLI doctor --token ${bridge.token}`;
    const { code, out } = await runShell(`${own} sh -c 'mount -t tmpfs -o size=50m tmpfs ${small} && exec "$BRIDGE_NODE" ${line}'`, {
      ...env,
      ...quick,
      BRIDGE_HOME: small,
    });
    expect(out).toContain(`error    The disk of ${small} is almost full: 50 MiB are free.\n         Make room`);
    expect(code).toBe(1);
  });

  it("tells a JupyterLab that is down", async () => {
    await writeFile(join(folder, "stopped"), "");
    for (const id of await bridge.processes()) {
      const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
      if (id !== bridge.child.pid && command.includes("jupyter")) process.kill(id, "SIGKILL");
    }
    await expect.poll(() => complaints(), { timeout: 60_000 }).toEqual([expect.stringMatching(/^jupyter: does not answer/)]);
    await rm(join(folder, "stopped"));
  });
});

describe.skipIf(noPostgres)(`bridge doctor with a store on Postgres${noPostgres ? `: ${noPostgres}` : ""}`, () => {
  it("tells when it is away, of the bridge and of the machine", async () => {
    await using postgres = await startPostgres();
    const given = { BRIDGE_STORE: await postgres.database() };
    await using other = await bridgeProcess(undefined, { env: given });
    const all = { ...given, BRIDGE_HOME: other.home, BRIDGE_URL: other.url };
    expect(await complaints(all)).toEqual([]);
    await postgres.stop();
    const away = await complaints(all);
    expect(away).toEqual([
      expect.stringMatching(/^The store at .* does not answer: /),
      expect.stringMatching(/^store: /),
      expect.stringMatching(/^The bridge cannot say which algorithms it has: /),
    ]);
    expect(away.join()).not.toContain("password");
    await postgres.start();
  });
});

function works(line: string): boolean {
  try {
    execFileSync("sh", ["-c", line], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { Run } from "#contract/run.ts";
import { type BridgeProcess, bridgeProcess } from "../server/support/bridge-process.ts";
import { blocksOf, commandsOf } from "./page.ts";

const root = resolve(import.meta.dirname, "../..");

/** The page's own commands, run while the bridge works; then a bridge on what was restored. */
it("docs/how-to/back-up-and-restore.md gives back what the bridge had acknowledged", async () => {
  const folder = await mkdtemp(join(tmpdir(), "back-up-"));
  await symlink(join(root, ".python"), join(folder, ".python"));
  const home = join(folder, "home");
  await cp(join(root, "notebooks"), join(home, "notebooks"), { recursive: true });
  const call = (bridge: BridgeProcess, query: string) =>
    fetch(`${bridge.url}/v1/compute?${query}`, {
      method: "POST",
      body: "a\n1\n3\n",
      headers: { authorization: `Bearer ${bridge.token}`, "content-type": "text/csv" },
    });
  const page = await readFile(join(root, "docs/how-to/back-up-and-restore.md"), "utf8");
  const commands = blocksOf(page)
    .filter(({ language }) => language === "console")
    .flatMap(commandsOf);
  {
    await using bridge = await bridgeProcess(home);
    expect((await call(bridge, "algorithm=barebone_python&method=fit&model_name=m&feature_variables=a")).status).toBe(200);
    expect((await call(bridge, "mode=stage&model_name=rows")).status).toBe(200);
    const more = Array.from({ length: 20 }, () => call(bridge, "algorithm=barebone_python&method=apply&model_name=m"));
    for (const { command } of commands) {
      await promisify(execFile)("bash", ["-ec", command], { cwd: folder, env: { PATH: process.env.PATH, BRIDGE_HOME: home } });
    }
    for (const each of more) expect((await each).status).toBe(200);
  }
  await rm(home, { recursive: true });
  {
    await using bridge = await bridgeProcess(join(folder, "restored"));
    expect(await (await call(bridge, "algorithm=barebone_python&method=apply&model_name=m")).text()).toBe("distance\n1.0\n1.0\n");
    const ask = async <T>(path: string): Promise<T> =>
      (await (await fetch(bridge.url + path, { headers: { authorization: `Bearer ${bridge.token}` } })).json()) as T;
    expect(await ask("/v1/datasets/rows")).toMatchObject({ version: 1, rows: 2 });
    expect((await ask<Run[]>("/v1/runs?limit=500")).map(({ method }) => method)).toEqual(expect.arrayContaining(["fit", "stage"]));
    expect(await ask<Run[]>("/v1/runs?state=running")).toEqual([]);
  }
  await rm(folder, { recursive: true, force: true });
});

import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { saveNotebook } from "../support/bridge.ts";
import { type BridgeProcess, bridgeProcess } from "../support/bridge-process.ts";
import { commandsWith, parentOf } from "./processes.ts";

/** The steps at which the notebook `steps` can be held, in their order within a call. */
export const fitSteps = ["init", "fit", "save", "apply"] as const;
export const applySteps = ["load", "apply"] as const;
export type Step = "import" | "summary" | (typeof fitSteps)[number] | (typeof applySteps)[number];

/** A notebook that stops at a step while a file says so, and tells the process that stands there. */
export function stepping(folder: string, value: string): string[] {
  return [
    `import json, os, subprocess, time
DATA = "/srv/app/model/data/"
def at(step):
    if os.path.exists(${JSON.stringify(folder)} + "/hold-" + step):
        subprocess.Popen(["sleep", "1000"])
        with open(${JSON.stringify(folder)} + "/at-" + step + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(${JSON.stringify(folder)} + "/at-" + step + ".new", ${JSON.stringify(folder)} + "/at-" + step)
        while os.path.exists(${JSON.stringify(folder)} + "/hold-" + step):
            time.sleep(0.02)
at("import")`,
    'def init(df, param):\n    at("init")\n    return {"rows": len(df)}',
    'def fit(model, df, param):\n    at("fit")\n    return model',
    `def apply(model, df, param):\n    at("apply")\n    return df.assign(rows=model["rows"], said=${JSON.stringify(value)})`,
    'def save(model, name):\n    with open(DATA + name + ".json", "w") as file:\n        json.dump(model, file)\n        file.flush()\n        at("save")\n    return model',
    'def load(name):\n    at("load")\n    return json.load(open(DATA + name + ".json"))',
    'def summary(model=None):\n    at("summary")\n    return model or {}',
  ];
}

/** A home over several lives of a bridge, and what is asked of the one that lives. */
export class Story implements AsyncDisposable {
  readonly home: string;
  readonly holds: string;
  bridge: BridgeProcess;

  private constructor(home: string, holds: string, bridge: BridgeProcess) {
    this.home = home;
    this.holds = holds;
    this.bridge = bridge;
  }

  static async begin(): Promise<Story> {
    const home = await mkdtemp(join(tmpdir(), "moments-"));
    const holds = await mkdtemp(join(tmpdir(), "holds-"));
    await mkdir(join(home, "notebooks"), { recursive: true });
    return new Story(home, holds, await bridgeProcess(home));
  }

  save(value: string): Promise<void> {
    return saveNotebook(join(this.home, "notebooks/steps.ipynb"), stepping(this.holds, value));
  }

  call(query: string, rows: string | ReadableStream<Uint8Array> = "a\n1\n", headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.bridge.url}/v1/compute?${query}`, {
      method: "POST",
      body: rows,
      headers: { authorization: `Bearer ${this.bridge.token}`, "content-type": "text/csv", ...headers },
      ...(typeof rows === "string" ? {} : { duplex: "half" }),
    });
  }

  async ask<T>(path: string): Promise<T> {
    const headers = { authorization: `Bearer ${this.bridge.token}` };
    return (await (await fetch(this.bridge.url + path, { headers })).json()) as T;
  }

  /** What an apply says: the notebook's value, and how many rows the model was fitted on. */
  async said(model = "m"): Promise<string> {
    const answer = await this.call(`algorithm=steps&method=apply&model_name=${model}`);
    const text = await answer.text();
    expect({ status: answer.status, text }).toEqual({ status: 200, text });
    return text.trim().split("\n")[1] ?? "";
  }

  /** A new model, which no worker has loaded. */
  async unloaded(): Promise<string> {
    const model = `unloaded_${Date.now()}`;
    expect((await this.call(`algorithm=steps&method=fit&model_name=${model}`)).status).toBe(200);
    // A fitted model is loaded before its call: the workers end, those included that are started for it.
    for (let looks = 0; looks < 5; looks++) {
      const found = await this.#workers();
      for (const pid of found) process.kill(pid, "SIGKILL");
      if (found.length > 0) looks = -1;
      await sleep(100);
    }
    return model;
  }

  async #workers(): Promise<number[]> {
    const all = await this.bridge.processes();
    const forking = new Set(commandsWith("--warm").filter((pid) => parentOf(pid) === this.bridge.child.pid));
    return all.filter((pid) => forking.has(parentOf(pid)) && isAlive(pid));
  }

  async hold(step: Step): Promise<void> {
    await writeFile(join(this.holds, `hold-${step}`), "");
  }

  /** Resolves with the id of the process that stands at the step. */
  async standing(step: Step): Promise<number> {
    for (;;) {
      const pid = await readFile(join(this.holds, `at-${step}`), "utf8").catch(() => "");
      if (pid !== "") return Number(pid);
      await sleep(10);
    }
  }

  async release(): Promise<void> {
    for (const each of await readdir(this.holds)) await rm(join(this.holds, each));
  }

  /** Kills the bridge alone; resolves when all that it started is gone as well. */
  async kill(): Promise<void> {
    const processes = await this.bridge.processes();
    this.bridge.child.kill("SIGKILL");
    await once(this.bridge.child, "exit");
    await expect.poll(() => processes.filter(isAlive), { timeout: 10_000 }).toEqual([]);
  }

  async restart(): Promise<void> {
    this.bridge = await bridgeProcess(this.home);
  }

  /** Files of the home that a write or a call left half-way, and folders of sockets of killed bridges. */
  async leftovers(): Promise<string[]> {
    const all = await readdir(this.home, { recursive: true });
    const spooled = (await readdir(join(this.home, ".bridge/spool"))).map((each) => `spool/${each}`);
    // One folder is the living bridge's.
    const prefix = `cb-${createHash("sha256")
      .update(await realpath(this.home))
      .digest("hex")
      .slice(0, 8)}-`;
    const sockets = (await readdir(tmpdir())).filter((each) => each.startsWith(prefix)).slice(1);
    return [...sockets, ...all.filter((each) => /(^|\/)\.(new|unfinished)-|\.tmp$|\.draft$/.test(each)), ...spooled];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bridge[Symbol.asyncDispose]();
    for (const each of [this.home, this.holds]) await rm(each, { recursive: true, force: true });
  }
}

/** Whether a process is there and more than a zombie that nobody has reaped yet. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Manifest } from "#contract/manifest.ts";
import { Dependents } from "../../../server/compute/dependents.ts";
import { LiveVersions } from "../../../server/compute/live-versions.ts";
import { Republish } from "../../../server/compute/republish.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { clock, quiet } from "../workers/fixture.ts";

const [ONE, TWO] = ["1", "2"].map((each) => each.repeat(16)) as [string, string];

let folder: string;
let store: Store & AsyncDisposable;
let republish: Republish;
let again: string[];
let asked: string[];
let failure: Error | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "republish-"));
  store = await openStore({ file: join(folder, "store.sqlite"), clock, log: quiet });
  [again, asked, failure] = [[], [], undefined];
  const versions = new LiveVersions({
    versions: {
      ...store.versions,
      async find(name, version) {
        if (failure) throw failure;
        asked.push(`${name}@${version.at(0)}`);
        return await store.versions.find(name, version);
      },
    },
  });
  const retell = (path: string) => void again.push(path);
  republish = new Republish({ dependents: new Dependents(store, versions), retell, retellModule: retell });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function live(name: string, version: string, { notebook = null, siblings = {} }: Partial<Manifest> = {}) {
  const facts = { ...{ project: "default", title: "", description: "", category: "", runtime: "python", environment: "default" } };
  const more = { requirements: [], options: {}, entryPoints: [], methods: [], cells: [] };
  const manifest = { ...facts, ...more, name, version, file: `${name}.py`, notebook, siblings } as unknown as Manifest;
  await store.transaction(async (tx) => {
    await tx.algorithms.put({ ...facts, name, notebook, state: "live", problems: [], content: "", exportedAt: new Date(0).toISOString() });
    await tx.versions.add(manifest, []);
    await tx.algorithms.setLive(name, version);
  });
}
async function library() {
  await live("lib", ONE);
  await live("user", ONE, { notebook: "user.ipynb", siblings: { lib: ONE } });
  await live("module", ONE, { siblings: { lib: ONE } });
  await live("other", ONE, { notebook: "other.ipynb" });
}

it("what imports a changed algorithm is told again, each once a change, and nothing else", async () => {
  await library();
  await republish.importers("lib");
  expect(again).toEqual([]);
  republish.changed("Lib");
  await republish.importers("lib");
  await republish.importers("lib");
  expect(again).toEqual(["module", "user.ipynb"]);
});

it("what a failure kept from being told again is told when it is tried again", async () => {
  await library();
  republish.changed("lib");
  failure = new Error("the disk is full");
  await expect(republish.importers("lib")).rejects.toThrow("the disk is full");
  expect(again).toEqual([]);
  failure = undefined;
  await republish.importers("lib");
  expect(again).toEqual(["module", "user.ipynb"]);
});

it("what imports an older version than is live is stale, though nobody told that it is", async () => {
  await library();
  const isStale = async (name: string) => await republish.isStale(name, await store.algorithms.find(name));
  expect(await isStale("user")).toBe(false);
  await live("lib", TWO);
  expect([await isStale("user"), await isStale("module"), await isStale("other"), await isStale("lib")]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

it("versions are read once, however many changes ask for what imports", async () => {
  await library();
  for (let i = 0; i < 3; i++) {
    republish.changed("lib");
    await republish.importers("lib");
  }
  expect(asked.toSorted()).toEqual(["module@1", "other@1", "user@1"]);
});

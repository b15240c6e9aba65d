import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Algorithm } from "#contract/algorithm.ts";
import { targetFinder } from "../../../server/compute/target.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { clock, quiet } from "../workers/fixture.ts";

let folder: string;
let store: Store & AsyncDisposable;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "target-"));
  store = await openStore({ file: join(folder, "store.sqlite"), clock, log: quiet });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const call = { method: "apply", model: "default", modelVersion: null, strict: false };
const facts = {
  ...{ project: "default", title: "", description: "", category: "", runtime: "python", environment: "default" },
  ...{ problems: [], content: "", exportedAt: new Date(0).toISOString() },
};

it("a call of what has no live version yet is told that it is being checked, when that takes long", async () => {
  const { find } = targetFinder(store, async () => false);
  const checked = { code: "BEING_CHECKED", status: 503, retryAfter: 5 };
  await expect(find({ ...call, algorithm: "fresh" })).rejects.toMatchObject(checked);
  await store.transaction((tx) => tx.algorithms.put({ ...facts, name: "again", notebook: "again.ipynb", state: "failing" }));
  await expect(find({ ...call, algorithm: "again" })).rejects.toMatchObject(checked);
});

it("a call of what is not there, or failed its check, is told that", async () => {
  const { find } = targetFinder(store, async () => true);
  await store.transaction((tx) => tx.algorithms.put({ ...facts, name: "failed", notebook: "failed.ipynb", state: "failing" }));
  await expect(find({ ...call, algorithm: "nothing" })).rejects.toMatchObject({ code: "NOT_FOUND", status: 404 });
  await expect(find({ ...call, algorithm: "failed" })).rejects.toMatchObject({ code: "NOT_LIVE", status: 422 });
});

describe("the version that runs", () => {
  /** A store that gives the same object until something changes, as those that remember do. */
  function changing() {
    const algorithm = (live: string) => ({ ...facts, name: "iris", notebook: "iris.ipynb", state: "live", live }) as Algorithm;
    const known = new Map(["a", "b"].map((live) => [live, algorithm(live)]));
    let live = "a";
    const asked: string[] = [];
    const reader = {
      algorithms: { ...store.algorithms, find: async () => known.get(live) },
      versions: {
        ...store.versions,
        find: async (_: string, version: string) => {
          asked.push(version);
          return { manifest: { name: "iris", version, methods: ["apply"] } } as Awaited<ReturnType<Store["versions"]["find"]>>;
        },
      },
      models: store.models,
    };
    const to = (next: string) => {
      live = next;
    };
    return { reader, asked, to };
  }
  const iris = { ...call, algorithm: "iris" };

  it("is the live one of each moment, read once", async () => {
    const { reader, asked, to } = changing();
    const { find } = targetFinder(reader, () => true);
    for (const live of ["a", "a", "b", "b", "a", "b"]) {
      to(live);
      expect((await find(iris)).manifest.version).toBe(live);
    }
    expect(asked).toEqual(["a", "b"]);
  });

  it("is what became live while it was waited for, or while the store answered", async () => {
    const { reader, to } = changing();
    const waited = targetFinder(reader, async () => {
      await setImmediate();
      to("b");
      return true;
    });
    expect((await waited.find(iris)).manifest.version).toBe("b");
    to("a");
    const atOnce = targetFinder(reader, () => {
      to("b");
      return true;
    });
    expect((await atOnce.find(iris)).manifest.version).toBe("b");
  });

  it("needs a model that there is, if the call names its version", async () => {
    const { reader } = changing();
    const { find } = targetFinder(reader, () => true);
    expect((await find(iris)).model).toBeUndefined();
    await expect(find({ ...iris, modelVersion: "3" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringMatching(/model of iris/),
    });
    expect((await find({ ...iris, method: "apply", modelVersion: null })).notes).toEqual([]);
    await expect(find({ ...iris, method: "summary" })).rejects.toMatchObject({ code: "BAD_CALL" });
  });
});

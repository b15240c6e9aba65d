import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { deletionsWith } from "../../../server/compute/deletions.ts";
import { homeAt } from "../../../server/compute/home.ts";
import { sweepHome } from "../../../server/compute/sweep.ts";
import { Uses } from "../../../server/compute/uses.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { type TestBridge, testBridge } from "../support/bridge.ts";
import { clock, quiet } from "../workers/fixture.ts";

const fitting = [
  "import json\nDATA = '/srv/app/model/data/'",
  "def init(df, param):\n    return {'n': len(df)}\ndef fit(model, df, param):\n    pass\ndef apply(model, df, param):\n    return df",
  "def save(model, name):\n    json.dump(model, open(DATA + name + '.json', 'w'))\ndef load(name):\n    return json.load(open(DATA + name + '.json'))\ndef summary(model=None):\n    return {}",
];

let test: TestBridge;
let store: Store;
let old = "";
const isThere = (path: string) => existsSync(join(test.home, path));
/** Where the files of what is made below lie. */
const places = () => ({
  algorithm: ["app/model/.versions/gone", "app/model/gone.py"],
  version: [`app/model/.versions/fits/${old}`],
  model: ["app/model/data/.models/fits/cells/1", "app/model/data/fits_cells.json"],
  dataset: ["notebooks/data/.versions/rows", "notebooks/data/rows.csv", "notebooks/data/rows.json"],
});
const there = () => Object.fromEntries(Object.entries(places()).map(([kind, paths]) => [kind, paths.filter(isThere)]));

beforeEach(async () => {
  test = await testBridge();
  await test.save("fits.ipynb", fitting);
  expect((await test.compute({ algorithm: "fits", method: "fit", model_name: "cells" }, "a\n1\n")).status).toBe(200);
  const algorithm = async (name: string) => (await (await test.ask(`/v1/algorithms/${name}`)).json()) as { live: string; state: string };
  old = (await algorithm("fits")).live;
  await test.save("fits.ipynb", [...fitting, "x = 1"]);
  await expect.poll(async () => (await algorithm("fits")).live, { timeout: 20_000 }).not.toBe(old);
  expect((await test.compute({ mode: "stage", model_name: "rows" }, "a\n1\n")).status).toBe(200);
  await test.save("gone.ipynb", ["def apply(model, df, param):\n    return df"]);
  expect((await test.compute({ algorithm: "gone", method: "apply" }, "a\n1\n")).status).toBe(200);
  await rm(join(test.home, "notebooks/gone.ipynb"));
  await expect.poll(async () => (await algorithm("gone")).state, { timeout: 20_000 }).toBe("missing");
  await test.bridge.close();
  store = await openStore({ file: join(test.home, ".bridge/store.sqlite"), clock, log: quiet });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await test[Symbol.asyncDispose]();
});

/** Asks for all four deletions with a store at which the bridge ends, each time at the same moment. */
async function deleteAllWith(transaction: Store["transaction"]): Promise<void> {
  const parts = { home: homeAt(test.home), uses: new Uses(), pool: { retire() {} }, log: quiet };
  const deletions = deletionsWith({ ...parts, store: { ...store, transaction } });
  void deletions.algorithm("gone");
  void deletions.version("fits", old);
  void deletions.model("cells", { algorithm: "fits" });
  void deletions.dataset("rows");
  await expect.poll(() => ends).toBe(4);
}
let ends = 0;
beforeEach(() => {
  ends = 0;
});
const never = <T>() => {
  ends++;
  return new Promise<T>(() => {});
};

it("the files of what was deleted are removed at the next start, when the bridge ended before it had removed them", async () => {
  await deleteAllWith(async (work) => {
    await store.transaction(work);
    return never();
  });
  expect(there()).toEqual(places());
  await sweepHome(homeAt(test.home), store, quiet);
  expect(there()).toEqual({ algorithm: [], version: [], model: [], dataset: [] });
  expect(await readdir(join(test.home, ".bridge/removals"))).toEqual([]);
  expect(isThere(`app/model/.versions/fits/${(await store.algorithms.find("fits"))?.live}`)).toBe(true);
});

it("the files of what was to be deleted stay, when the bridge ended before that came true", async () => {
  await deleteAllWith(() => never());
  await sweepHome(homeAt(test.home), store, quiet);
  expect(there()).toEqual(places());
  expect(await readdir(join(test.home, ".bridge/removals"))).toEqual([]);
});

it("nothing is removed because the store does not know it: it may be another store", async () => {
  await using other = await openStore({ file: join(test.home, "other.sqlite"), clock, log: quiet });
  await sweepHome(homeAt(test.home), other, quiet);
  expect(there()).toEqual(places());
});

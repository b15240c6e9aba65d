import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Bench, type Probe } from "../bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** Two models of one name, each in its own folder, which the code reads by one path. */
async function versions(probe: Probe) {
  const folders = [await bench.modelFolder(), await bench.modelFolder()];
  for (const [at, folder] of folders.entries()) await writeFile(join(folder, "m"), `${at + 1}`);
  return async (number: number, isKept = true) => {
    const model = { name: "m", key: isKept ? `m@${number}` : null, folder: folders[number - 1] ?? "", shared: bench.home.data };
    const { csv, error } = await probe.call("a\n1\n", { model });
    expect(error).toBeUndefined();
    return csv.split("\n")[1];
  };
}

const read = 'return open("/srv/app/model/data/m").read()';
const apply = 'def apply(model, df, param): return [{"found": model or read()}]';

it.each([
  ["load itself", `import functools\n@functools.lru_cache\ndef load(name): ${read}`],
  ["what it calls", `from functools import cache\n@cache\ndef read(): ${read}\ndef load(name): return read()`],
  [
    "a method",
    `import functools\nclass K:\n    @functools.lru_cache\n    def read(self): ${read}\nk = K()\ndef load(name): return k.read()`,
  ],
  [
    "a static method",
    `import functools\nclass K:\n    @staticmethod\n    @functools.cache\n    def read(): ${read}\ndef load(name): return K.read()`,
  ],
  [
    "a function of a library",
    `import functools, pathlib\nread = functools.cache(pathlib.Path.read_text)\ndef load(name): return read(pathlib.Path("/srv/app/model/data/m"))`,
  ],
  [
    "within another decorator",
    `import functools\ndef twice(f):\n    return lambda: f()\n@twice\n@functools.cache\ndef read(): ${read}\ndef load(name): return read()`,
  ],
  ["a sibling's", "from app.model import part\ndef load(name): return part.read()"],
  ["a late sibling's", "def load(name):\n    from app.model import part\n    return part.read()"],
  ["one that apply asks", `import functools\n@functools.cache\ndef read(): ${read}\ndef load(name): return None`],
  ["one that apply asks, without load", `import functools\n@functools.cache\ndef read(): ${read}`],
])("forgets another model: %s", async (_, top) => {
  const siblings = { part: `import functools\n@functools.cache\ndef read(): ${read}\n` };
  const found = await versions(await bench.worker(`${top}\n${apply}`, { siblings }));
  expect([await found(1), await found(2), await found(1), await found(2), await found(2)]).toEqual(["1", "2", "1", "2", "2"]);
});

it("remembers within a model that was never fitted, and is loaded in each call", async () => {
  const probe = await bench.worker(`import functools\n@functools.cache\ndef load(name): ${read}\n${apply}`);
  const folder = await bench.modelFolder();
  const model = { name: "m", key: null, folder, shared: bench.home.data };
  const found = [];
  for (const text of ["x", "y"]) {
    await writeFile(join(folder, "m"), text);
    found.push((await probe.call("a\n1\n", { model })).csv);
  }
  expect(found).toEqual(["found\nx\n", "found\nx\n"]);
});

it("remembers within one model", async () => {
  const top =
    "import functools\nclass K: n = []\n@functools.cache\ndef count(): return next(numbers)\nnumbers = iter(range(9))\ndef load(name): return count";
  const found = await versions(await bench.worker(`${top}\ndef apply(model, df, param): return [{"found": count()}]`));
  expect([await found(1), await found(1), await found(1), await found(2), await found(2)]).toEqual(["0", "0", "0", "1", "1"]);
});

it("forgets between fits, and leaves the caches of libraries alone", async () => {
  const top = `import functools, math, re\nfrom textwrap import dedent\nfrom fnmatch import _compile_pattern as known\n@functools.cache\ndef count(): return len(numbers)\nnumbers = [1]`;
  const probe = await bench.worker(
    `${top}\ndef init(df, param):\n    known("a*")\n    numbers.extend(df["a"])\n    return count()\ndef fit(model, df, param): pass\ndef save(model, name): pass\ndef apply(model, df, param): return [{"found": model, "hits": known.cache_info().currsize > 0}]`,
  );
  const found = [];
  for (const rows of ["a\n1\n", "a\n1\n2\n"]) found.push((await probe.call(rows, { method: "fit" })).csv);
  expect(found).toEqual(["found,hits\n2,True\n", "found,hits\n3,True\n"]);
});

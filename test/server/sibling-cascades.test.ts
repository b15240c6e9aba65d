import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { layFile, saveNotebook, type TestBridge, testBridge } from "./support/bridge.ts";
import { bridgeProcess } from "./support/bridge-process.ts";
import { odd } from "./support/odd.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

let name = "";
let number = 0;
beforeEach(() => {
  name = `far_${++number}`;
});
const { say, state } = odd(() => test);
const using = (module: string, before = "") =>
  `${before}\nfrom app.model.${module} import V\ndef apply(model, df, param):\n    return {"said": [V]}\n`;
const slowly = (seconds: number) => `import time\ntime.sleep(${seconds})`;
const lay = (path: string, text: string, home = test.home) => layFile(join(home, "app/model", path), text);
const isLive = (algorithm: string) => expect.poll(() => state(algorithm), { timeout: 10_000 }).toMatchObject({ state: "live" });
/** Adds a character to a file at each import of the text. */
const counted = (file: string) => `with open(${JSON.stringify(file)}, "a") as counted:\n    counted.write("x")`;
const lengthOf = async (file: string) => (await readFile(file, "utf8")).length;

describe("what imports a library that was saved", () => {
  it("is published again after a restart, when the bridge was killed before it was", async () => {
    const home = await mkdtemp(join(tmpdir(), "cascade-"));
    try {
      const asks = async () => {
        const process = await bridgeProcess(home);
        const authorization = `Bearer ${process.token}`;
        const ask = (path: string, init: RequestInit = {}) =>
          fetch(process.url + path, { ...init, headers: { authorization, "content-type": "text/csv" } });
        return { process, ...odd(() => ({ ask })) };
      };
      const save = (value: string) => saveNotebook(join(home, "notebooks/lib.ipynb"), [`V = '${value}'`]);
      const first = await asks();
      const live = async (of: typeof first, algorithm: string) => (await of.state(algorithm)).live;
      await save("old");
      await expect.poll(() => live(first, "lib"), { timeout: 30_000 }).toEqual(expect.any(String));
      await saveNotebook(join(home, "notebooks/user.ipynb"), [using("lib", slowly(1))]);
      await lay("asmod.py", using("lib", slowly(1)), home);
      for (const each of ["user", "asmod"]) await expect.poll(() => first.say(each), { timeout: 10_000 }).toBe("old");
      const before = await live(first, "lib");
      await save("new");
      await expect.poll(() => live(first, "lib"), { interval: 10 }).not.toBe(before);
      first.process.child.kill("SIGKILL");
      await once(first.process.child, "exit");
      const second = await asks();
      try {
        for (const each of ["user", "asmod"]) await expect.poll(() => second.say(each), { timeout: 30_000 }).toBe("new");
      } finally {
        await second.process[Symbol.asyncDispose]();
      }
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });

  it("is published side by side where it is modules, and the library waits for none of them", async () => {
    const library = (value: string) =>
      test.save(`${name}_lib.ipynb`, [`V = '${value}'\ndef apply(model, df, param):\n    return {"said": [V]}`]);
    const users = Array.from({ length: 6 }, (_, i) => `${name}_user_${i}`);
    await library("old");
    await isLive(`${name}_lib`);
    for (const each of users) await lay(`${each}.py`, using(`${name}_lib`, slowly(1)));
    for (const each of users) await expect.poll(() => say(each), { timeout: 20_000 }).toBe("old");
    await library("new");
    const began = performance.now();
    const all = Promise.all(users.map(say));
    expect(await say(`${name}_lib`)).toBe("new");
    expect(performance.now() - began).toBeLessThan(2_500);
    expect(new Set(await all)).toEqual(new Set(["new"]));
  }, 60_000);

  it("is not when that save does not run, and is when the next one does", async () => {
    const users = [name, `${name}_as_module`];
    await test.save(`${name}_lib.ipynb`, ["V = 'old'"]);
    await isLive(`${name}_lib`);
    await test.save(`${name}.ipynb`, [using(`${name}_lib`)]);
    await lay(`${name}_as_module.py`, using(`${name}_lib`));
    for (const each of users) expect(await say(each)).toBe("old");
    const exported = () => Promise.all(users.map(async (each) => (await state(each)).exportedAt));
    const before = await exported();
    for (const broken of ["V = 'new", "V = 'new'\n1 / 0"]) {
      await test.save(`${name}_lib.ipynb`, [broken]);
      for (const each of users) expect(await say(each)).toBe("old");
    }
    await test.save(`${name}_lib.ipynb`, ["V = 'old'"]);
    for (const each of users) expect(await say(each)).toBe("old");
    await isLive(`${name}_lib`);
    expect(await exported()).toEqual(before);
    await test.save(`${name}_lib.ipynb`, ["V = 'new'"]);
    for (const each of users) expect(await say(each)).toBe("new");
  });
});

it.each(["notebook", "module"])("what a %s lacked reaches those that import it, in each version", async (kind) => {
  const middle = `def f():\n    from app.model.${name}_late import V\n    return V\n`;
  if (kind === "module") await lay(`${name}_mid.py`, middle);
  else await test.save(`${name}_mid.ipynb`, [middle]);
  await isLive(`${name}_mid`);
  await test.save(`${name}.ipynb`, [`from app.model.${name}_mid import f\ndef apply(model, df, param):\n    return {"said": [f()]}`]);
  await lay(`${name}_out.py`, `from app.model import ${name}_mid\ndef apply(model, df, param):\n    return {"said": [${name}_mid.f()]}\n`);
  for (const each of [name, `${name}_out`]) await isLive(each);
  for (const value of ["1", "2", "3"]) {
    await lay(`${name}_late.py`, `V = '${value}'\n`);
    for (const each of [name, `${name}_out`]) await expect.poll(() => say(each), { timeout: 5_000 }).toBe(value);
  }
});

it("modules that import each other come to rest", async () => {
  const [a, b, c] = ["a", "b", "c"].map((each) => `${name}_${each}`);
  const file = join(test.home, name);
  const text = (value: string, other = "") =>
    `${counted(file)}\nV = '${value}'\ndef other():\n    from app.model import ${other}\n    return ${other}.V\n`;
  await lay(`${a}.py`, text("0", b));
  await lay(`${b}.py`, text("0", c));
  await test.save(`${c}.ipynb`, [text("0", a)]);
  for (const each of [a, b, c]) await isLive(each ?? "");
  await test.save(`${name}.ipynb`, [
    `from app.model import ${a}\ndef apply(model, df, param):\n    return {"said": [${a}.V + ${a}.other()]}`,
  ]);
  await expect.poll(() => say(name)).toBe("00");
  for (const value of ["1", "2"]) {
    await lay(`${a}.py`, text(value, b));
    await expect.poll(() => say(name)).toBe(`${value}${Number(value) - 1}`);
    await lay(`${b}.py`, text(value, c));
    await expect.poll(() => say(name)).toBe(`${value}${value}`);
  }
  await sleep(1_500);
  const before = await lengthOf(file);
  await sleep(1_500);
  expect(await lengthOf(file)).toBe(before);
});

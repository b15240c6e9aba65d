import { copyFile, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";
import { answering, odd } from "./support/odd.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

let name = "";
let number = 0;
beforeEach(() => {
  name = `odd_${++number}`;
});
const at = (path: string) => join(test.home, "notebooks", path);
const { say, state, codes, text } = odd(() => test);
/** What no test may find in an answer. */
const secret = () => join(test.home, "secret.ipynb");

describe("a symbolic link", () => {
  it("to a notebook within the folder is a notebook of the link's name, and follows it", async () => {
    await test.save("hidden/real.ipynb", answering("one"));
    await symlink(at("hidden/real.ipynb"), at(`${name}.ipynb`));
    expect(await say(name)).toBe("one");
    await test.save("hidden/real.ipynb", answering("two"));
    expect(await say(name)).toBe("two");
    await test.save("hidden/other.ipynb", answering("three"));
    await symlink("hidden/other.ipynb", at(`${name}.new`));
    await rename(at(`${name}.new`), at(`${name}.ipynb`));
    expect(await say(name)).toBe("three");
  });

  it("whose target changes is exported without a call", async () => {
    await test.save(".store/1/x.ipynb", answering("one"));
    await symlink("1", at(".store/now"));
    await symlink(".store/now/x.ipynb", at(`${name}.ipynb`)); // as mounted ConfigMaps are
    expect(await say(name)).toBe("one");
    await test.save(".store/1/x.ipynb", answering("two"));
    await test.save("unrelated.ipynb", answering("it is a hint"));
    await expect.poll(async () => await readFile(join(test.home, "app/model", `${name}.py`), "utf8")).toContain("two");
  });

  it("that leads out of the folder is never read, and says so", async () => {
    await writeFile(secret(), text(answering("secret")));
    await symlink(secret(), at(`${name}.ipynb`));
    await expect.poll(() => codes(name)).toEqual(["symbolic-link"]);
    expect(await say(name)).toBe("NOT_LIVE");
    await symlink("..", at(`${name}_up`));
    await symlink(`${name}_up/secret.ipynb`, at(`${name}_far.ipynb`));
    await expect.poll(() => codes(`${name}_far`)).toEqual(["symbolic-link"]);
    expect(await say(`${name}_far`)).toBe("NOT_LIVE");
  });

  it("that takes the place of a notebook leaves the old version serving, and the notebook back heals it", async () => {
    await writeFile(secret(), text(answering("secret")));
    await test.save(`${name}.ipynb`, answering("mine"));
    expect(await say(name)).toBe("mine");
    await symlink(secret(), at(`${name}.new`));
    await rename(at(`${name}.new`), at(`${name}.ipynb`));
    expect(await say(name)).toBe("mine");
    expect(await codes(name)).toEqual(["symbolic-link"]);
    await test.save(`${name}.ipynb`, answering("mended"));
    expect(await say(name)).toBe("mended");
  });

  it("to nothing says so, and is live when its target comes", async () => {
    await symlink(at(`${name}.later`), at(`${name}.ipynb`));
    await expect.poll(() => codes(name)).toEqual(["symbolic-link"]);
    await writeFile(at(`${name}.later`), text(answering("came")));
    await expect.poll(() => state(name), { timeout: 10_000 }).toMatchObject({ state: "live" });
    expect(await say(name)).toBe("came");
  });

  it("to a folder is not followed; whoever looks at the bridge's health sees it", async () => {
    await mkdir(at(`${name}_folder`), { recursive: true });
    await symlink(at(`${name}_folder`), at(`${name}_linked`));
    await using second = await testBridge({ BRIDGE_HOME: await homeWith(symlinkTo("elsewhere")) });
    const { checks } = (await (await second.ask("/health/ready")).json()) as { checks: { name: string; detail: string }[] };
    expect(checks.find((each) => each.name === "notebooks")?.detail).toContain("work is a symbolic link to a folder");
  });
});

describe("a file that is no notebook", () => {
  it.each([
    ["a merge conflict", "<<<<<<< ours\n", "not-json"],
    ["UTF-16", Buffer.from(`\ufeff${text(answering("x"))}`, "utf16le"), "not-json"],
    ["Latin-1", Buffer.from(text(answering("ü")), "latin1"), "not-json"],
    ["nothing at all", "", "not-json"],
    ["a list", "[]", "no-notebook"],
    ["nested a hundred thousand deep", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "too-deep"],
  ])("because it is %s stays a problem, and the old version serves on until a whole save", async (_what, bytes, code) => {
    await test.save(`${name}.ipynb`, answering("old"));
    expect(await say(name)).toBe("old");
    await writeFile(at(`${name}.ipynb`), bytes);
    await expect.poll(() => codes(name), { timeout: 20_000 }).toEqual([code]);
    expect((await state(name)).problems[0]).toMatchObject({ message: expect.stringMatching(/\.$/), hint: expect.stringMatching(/\.$/) });
    expect(await say(name)).toBe("old");
    expect(await codes(name)).toEqual([code]);
    await test.save(`${name}.ipynb`, answering("old"));
    expect(await say(name)).toBe("old");
    expect(await state(name)).toMatchObject({ state: "live", problems: [] });
  });

  it("keeps its problem over a restart, and heals after it", async () => {
    const home = await homeWith(async () => {});
    const file = join(home, "notebooks/x.ipynb");
    await writeFile(file, text(answering("old")));
    {
      await using first = await testBridge({ BRIDGE_HOME: home });
      const { say, codes } = odd(() => first);
      expect(await say("x")).toBe("old");
      await writeFile(file, "{");
      await expect.poll(() => codes("x"), { timeout: 20_000 }).toEqual(["not-json"]);
    }
    await using second = await testBridge({ BRIDGE_HOME: home });
    const { say, codes } = odd(() => second);
    expect(await codes("x")).toEqual(["not-json"]);
    expect(await say("x")).toBe("old");
    await writeFile(file, text(answering("new")));
    expect(await say("x")).toBe("new");
    expect(await codes("x")).toEqual([]);
  });

  it("because it is a folder of that name says so", async () => {
    await test.save(`${name}.ipynb`, answering("old"));
    expect(await say(name)).toBe("old");
    await rm(at(`${name}.ipynb`));
    await mkdir(at(`${name}.ipynb`));
    await expect.poll(() => codes(name)).toEqual(["not-a-file"]);
    expect(await say(name)).toBe("old");
    await rm(at(`${name}.ipynb`), { recursive: true });
    await test.save(`${name}.ipynb`, answering("new"));
    expect(await say(name)).toBe("new");
  });
});

describe("odd JSON that is a notebook all the same", () => {
  it.each([
    ["a byte order mark", (json: string) => `\ufeff${json}`],
    ["CRLF", (json: string) => JSON.stringify(JSON.parse(json), null, 1).replaceAll("\n", "\r\n")],
    [
      "NaN and infinities in an output, as Python writes them",
      (json: string) =>
        json.replace('"outputs":[]', '"outputs":[{"output_type":"display_data","data":{"x":[NaN,-Infinity,Infinity,"NaN \\\\"]}}]'),
    ],
    ["a key twice, of which the last counts", (json: string) => json.replace('"source"', '"source":"nothing(","source"')],
    ["nested deep in an output", (json: string) => json.replace('"outputs":[]', `"outputs":[${"[".repeat(5000)}${"]".repeat(5000)}]`)],
  ])("with %s goes live", async (_what, change) => {
    const json = text(answering("odd"));
    expect(change(json)).not.toBe(json);
    await writeFile(at(`${name}.ipynb`), change(json));
    expect(await say(name)).toBe("odd");
  });
});

describe("names", () => {
  it.each([
    ["with quotes, an umlaut and an emoji", `it's "ü" 🙂 %41 #?&`],
    ["of two composed letters", "e\u0301"],
  ])("%s are called", async (_what, odd) => {
    await test.save(`${odd} ${name}.ipynb`, answering("named"));
    expect(await say(`${odd} ${name}`)).toBe("named");
  });

  it.each([
    ["of 255 bytes", "n".repeat(249)],
    ["with a line end", "two\nlines"],
    ["with a backslash", "back\\slash"],
    ["that Python takes", "__init__"],
  ])("%s are refused with a problem, and everything else goes on", async (_what, odd) => {
    await writeFile(at(`${odd}.ipynb`), text(answering("never")));
    await expect.poll(() => codes(odd)).toEqual(["bad-name"]);
    await test.save(`${name}.ipynb`, answering("others"));
    expect(await say(name)).toBe("others");
    expect((await test.ask("/v1/algorithms")).status).toBe(200);
    expect(await say(`${name}_unknown`)).toBe("NOT_FOUND");
    await rm(at(`${odd}.ipynb`));
    await expect.poll(async () => (await state(odd)).state).toBe("missing");
  });
});

describe("two notebooks of one name", () => {
  it("are both flagged, the one that served serves on, over a restart too, and either goes live when the other goes", async () => {
    const home = await homeWith(async () => {});
    const file = (path: string) => join(home, "notebooks", path);
    await mkdir(file("a"));
    await mkdir(file("b"));
    await writeFile(file("b/x.ipynb"), text(answering("b")));
    {
      await using first = await testBridge({ BRIDGE_HOME: home });
      const { say, codes, state } = odd(() => first);
      expect(await say("x")).toBe("b");
      await writeFile(file("a/x.ipynb"), text(answering("a")));
      await expect.poll(() => codes("x")).toEqual(["name-claimed-twice"]);
      expect(await say("x")).toBe("b");
      await writeFile(file("b/x.ipynb"), text(answering("b, changed")));
      await expect.poll(async () => (await state("x")).notebook).toBe("b/x.ipynb");
      expect(await say("x")).toBe("b");
    }
    await using second = await testBridge({ BRIDGE_HOME: home });
    const { say, codes } = odd(() => second);
    await expect.poll(() => codes("x")).toEqual(["name-claimed-twice"]);
    expect(await say("x")).toBe("b");
    await rm(file("a/x.ipynb"));
    await expect.poll(() => say("x")).toBe("b, changed");
    expect(await codes("x")).toEqual([]);
  });

  it("one of which cannot be read: the other goes live when that one goes", async () => {
    await test.save(`${name}.ipynb`, answering("good"));
    expect(await say(name)).toBe("good");
    await mkdir(at(`other_${name}`));
    await writeFile(at(`other_${name}/${name}.ipynb`), "{");
    await expect.poll(() => codes(name), { timeout: 20_000 }).toEqual(["not-json", "name-claimed-twice"]);
    await rm(at(`other_${name}/${name}.ipynb`));
    await expect.poll(() => codes(name)).toEqual([]);
    expect(await state(name)).toMatchObject({ state: "live", notebook: `${name}.ipynb` });
  });
});

describe("a rename", () => {
  it("while it is being exported takes the name along, and doubles nothing", async () => {
    const slow = ["import time\ntime.sleep(1.5)", ...answering("slow")];
    await test.save(`${name}.ipynb`, slow);
    await expect.poll(() => isBeingExported(name)).toBe(true);
    await rename(at(`${name}.ipynb`), at(`${name}_new.ipynb`));
    expect(await say(`${name}_new`)).toBe("slow");
    await expect.poll(async () => (await state(name)).state).toBe("missing");
    expect(await state(`${name}_new`)).toMatchObject({ state: "live", problems: [], notebook: `${name}_new.ipynb` });
    expect(await (await test.ask(`/v1/versions?algorithm=${name}_new`)).json()).toHaveLength(1);
  });

  it("there and back leaves it as it was", async () => {
    await test.save(`${name}.ipynb`, answering("kept"));
    expect(await say(name)).toBe("kept");
    for (let i = 0; i < 5; i++) {
      await rename(at(`${name}.ipynb`), at(`${name}_b.ipynb`));
      await rename(at(`${name}_b.ipynb`), at(`${name}.ipynb`));
    }
    await expect.poll(() => state(name)).toMatchObject({ state: "live" });
    expect(await say(name)).toBe("kept");
  });

  it("into another folder takes nothing away", async () => {
    await test.save(`${name}.ipynb`, answering("moved"));
    expect(await say(name)).toBe("moved");
    await mkdir(at(`sub_${name}`));
    await rename(at(`${name}.ipynb`), at(`sub_${name}/${name}.ipynb`));
    await expect.poll(() => state(name)).toMatchObject({ state: "live", problems: [], notebook: `sub_${name}/${name}.ipynb` });
    expect(await say(name)).toBe("moved");
  });
});

describe("many saves at once", () => {
  it("of one notebook, fifty: the last is live", async () => {
    for (let i = 1; i <= 50; i++) await test.save(`${name}.ipynb`, answering(`${i}`));
    expect(await say(name)).toBe("50");
    await expect.poll(() => state(name)).toMatchObject({ state: "live", problems: [] });
  });

  it("deleted and made again, each time within a moment", async () => {
    for (let i = 1; i <= 30; i++) {
      await writeFile(at(`${name}.ipynb`), text(answering(`${i}`)));
      await rm(at(`${name}.ipynb`));
    }
    await writeFile(at(`${name}.ipynb`), text(answering("last")));
    expect(await say(name)).toBe("last");
    await expect.poll(() => state(name)).toMatchObject({ state: "live" });
  });

  it("of a library and of what imports it: both last texts are live", async () => {
    const using = (suffix: string) => [
      `from app.model.${name}_lib import VALUE\ndef apply(model, df, param):\n    return {"said": [VALUE + "${suffix}"]}`,
    ];
    await test.save(`${name}_lib.ipynb`, ["VALUE = '0'"]);
    await expect.poll(async () => (await test.ask(`/v1/algorithms/${name}_lib`)).status).toBe(200);
    await test.save(`${name}.ipynb`, using("0"));
    expect(await say(name)).toBe("00");
    for (let i = 1; i <= 5; i++) {
      await test.save(`${name}_lib.ipynb`, [`VALUE = '${i}'`]);
      await sleep(i * 40);
      await test.save(`${name}.ipynb`, using(`${i}`));
    }
    await expect.poll(() => say(name), { timeout: 10_000 }).toBe("55");
  });
});

describe("a notebook copied in slowly", () => {
  it("is not taken in parts, says so when that lasts, does not hold calls up, and its whole goes live", async () => {
    await test.save(`${name}.ipynb`, answering("old"));
    expect(await say(name)).toBe("old");
    const whole = text(answering("whole"));
    const file = at(`${name}.ipynb`);
    for (const part of [0.3, 0.6]) {
      await writeFile(file, whole.slice(0, whole.length * part));
      await expect.poll(() => codes(name), { timeout: 20_000 }).toEqual(["not-json"]); // a pause longer than patience
      expect(await say(name)).toBe("old");
    }
    await writeFile(`${at(name)}.whole`, whole);
    await copyFile(`${at(name)}.whole`, file);
    expect(await say(name)).toBe("whole");
    expect(await codes(name)).toEqual([]);
  });
});

async function isBeingExported(algorithm: string): Promise<boolean> {
  return readFile(join(test.home, "app/model/.versions", algorithm, "x")).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === "ENOENT" && exists(join(test.home, "app/model/.versions", algorithm)),
  );
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === "EISDIR",
  );
}

const homes: string[] = [];
afterAll(async () => {
  for (const each of homes) await rm(each, { recursive: true, force: true });
});

/** A home with notebooks that a test makes before its bridge starts. */
async function homeWith(make: (home: string) => Promise<unknown>): Promise<string> {
  const home = `${test.home}-${homes.length}`;
  homes.push(home);
  await mkdir(join(home, "notebooks"), { recursive: true });
  await make(home);
  return home;
}

function symlinkTo(folder: string) {
  return async (home: string) => {
    await mkdir(join(home, folder));
    await symlink(join(home, folder), join(home, "notebooks/work"));
  };
}

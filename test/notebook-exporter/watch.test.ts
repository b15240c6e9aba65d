import { execFileSync } from "node:child_process";
import { mkdir, open, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startWatching, until } from "./watching.ts";
import { notebook, writers } from "./writers.ts";

describe("a notebook that is", () => {
  for (const [how, write] of Object.entries(writers)) {
    it(`${how} is told whole, and its last content always`, async () => {
      // A window that is surely longer than the writers' pauses, however busy the machine is.
      await using watching = await startWatching({ timing: { quiet: 100 } });
      const { at, told, lastOf } = watching;
      for (let n = 1; n <= 20; n++) {
        await write(at("a.ipynb"), notebook(n, 3000 + 100 * (n % 5)));
        // Some saves are waited for, some follow at once.
        if (n % 3 === 0) await until(() => lastOf("a.ipynb") === n);
      }
      await until(() => lastOf("a.ipynb") === 20);
      expect(told.filter((each) => each.torn)).toEqual([]);
      expect(told.map((each) => each.n)).toEqual([...new Set(told.map((each) => each.n))].toSorted((a, b) => a - b));
    });
  }
});

it("tells every file of a burst", async () => {
  await using watching = await startWatching();
  const names = Array.from({ length: 20 }, (_, at) => `burst ${at}.ipynb`);
  for (const n of [1, 2, 3]) {
    for (const name of names) await writeFile(watching.at(name), notebook(n));
    await until(() => names.every((name) => watching.lastOf(name) === n));
  }
});

it("tells every notebook of a git checkout, back and forth", async () => {
  const names = Array.from({ length: 200 }, (_, at) => `folder ${at % 10}/${at}.ipynb`);
  const git = (root: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=one", ...args], {
      cwd: root,
      stdio: "ignore",
    });
  const write = async (root: string, n: number) => {
    for (const name of names) {
      await mkdir(dirname(`${root}/${name}`), { recursive: true });
      await writeFile(`${root}/${name}`, notebook(n));
    }
    git(root, "add", "-A");
    git(root, "commit", "-qm", `${n}`);
  };
  await using watching = await startWatching({}, async (root) => {
    git(root, "init", "-q");
    await write(root, 1);
    git(root, "checkout", "-qb", "two");
    await write(root, 2);
  });
  const all = (n: number) => until(() => names.every((name) => watching.lastOf(name) === n));
  await all(2);
  git(watching.root, "checkout", "-q", "one");
  await all(1);
  git(watching.root, "checkout", "-q", "two");
  await all(2);
  expect(watching.told.filter((each) => each.torn)).toEqual([]);
  expect(new Set(watching.told.map((each) => each.path))).toEqual(new Set(names));
});

describe("folders and names", () => {
  it("sees a file in a new nested folder at once", async () => {
    await using watching = await startWatching();
    for (const n of [1, 2, 3, 4, 5]) {
      await mkdir(watching.at(`new ${n}/deep/deeper`), { recursive: true });
      await writeFile(watching.at(`new ${n}/deep/deeper/x.ipynb`), notebook(n));
    }
    await until(() => [1, 2, 3, 4, 5].every((n) => watching.lastOf(`new ${n}/deep/deeper/x.ipynb`) === n));
  });

  it("tells a renamed notebook with the name it had, and that the old one is gone", async () => {
    await using watching = await startWatching();
    await writeFile(watching.at("old.ipynb"), notebook(1));
    await until(() => watching.lastOf("old.ipynb") === 1);
    await rename(watching.at("old.ipynb"), watching.at("new.ipynb"));
    await until(() => watching.lastOf("new.ipynb") === 1 && watching.gone.length === 1);
    expect(watching.told.at(-1)?.renamedFrom).toBe("old.ipynb");
    expect(watching.gone).toEqual(["old.ipynb"]);
    expect(watching.watcher.list()).toEqual(["new.ipynb"]);
  });

  it("does not take a copy for a renamed notebook", async () => {
    await using watching = await startWatching();
    await writeFile(watching.at("a.ipynb"), notebook(1));
    await until(() => watching.lastOf("a.ipynb") === 1);
    await writeFile(watching.at("b.ipynb"), notebook(1));
    await until(() => watching.lastOf("b.ipynb") === 1);
    expect(watching.told.at(-1)?.renamedFrom).toBeUndefined();
  });

  it("does not list what somebody asked for and is not there", async () => {
    await using watching = await startWatching();
    await watching.watcher.settled("never.ipynb");
    expect(watching.watcher.list()).toEqual([]);
  });

  it("tells a deleted notebook once, and again when it comes back as it was", async () => {
    await using watching = await startWatching();
    await writeFile(watching.at("a.ipynb"), notebook(1));
    await until(() => watching.told.length === 1);
    await rm(watching.at("a.ipynb"));
    await until(() => watching.gone.length === 1);
    await writeFile(watching.at("a.ipynb"), notebook(1));
    await until(() => watching.told.length === 2);
    expect(watching.gone).toEqual(["a.ipynb"]);
  });

  it("follows a renamed folder, and its removal", async () => {
    await using watching = await startWatching();
    const names = Array.from({ length: 10 }, (_, at) => `${at}.ipynb`);
    await mkdir(watching.at("from/deep"), { recursive: true });
    for (const [n, name] of names.entries()) await writeFile(watching.at(`from/deep/${name}`), notebook(n));
    await until(() => names.every((name, n) => watching.lastOf(`from/deep/${name}`) === n));
    await rename(watching.at("from"), watching.at("to"));
    await until(() => names.every((name, n) => watching.lastOf(`to/deep/${name}`) === n) && watching.gone.length === 10);
    await rm(watching.at("to"), { recursive: true });
    await until(() => watching.gone.length === 20);
    expect(watching.watcher.list()).toEqual([]);
  });

  it("reads nothing in hidden folders and checkpoints, no other files, and nothing through links that lead out", async () => {
    await using outside = await startWatching({}, (root) => writeFile(`${root}/out.ipynb`, notebook(9)));
    await using watching = await startWatching();
    for (const folder of [".git", ".ipynb_checkpoints", "a/.ipynb_checkpoints", "node_modules/x", ".hidden", "data"]) {
      await mkdir(watching.at(folder), { recursive: true });
      await writeFile(watching.at(`${folder}/${folder === "data" ? "x.csv" : "x.ipynb"}`), notebook(9));
    }
    await writeFile(watching.at(".~a.ipynb"), notebook(9));
    await symlink(outside.at("out.ipynb"), watching.at("link.ipynb"));
    await symlink(outside.root, watching.at("linked"));
    await mkdir(watching.at("folder.ipynb"));
    await writeFile(watching.at("data/seen.ipynb"), notebook(1));
    for (const path of ["link.ipynb", "linked/out.ipynb", ".git/x.ipynb", "../x.ipynb", outside.at("out.ipynb"), "folder.ipynb"]) {
      watching.watcher.touch(path);
      await watching.watcher.settled(path);
    }
    await watching.watcher.scan();
    await watching.watcher.settled("data/seen.ipynb");
    expect(watching.told.map((each) => each.path)).toEqual(["data/seen.ipynb"]);
    expect(watching.unreadable.map(({ path, problem }) => [path, problem.code]).toSorted()).toEqual([
      ["folder.ipynb", "not-a-file"],
      ["link.ipynb", "symbolic-link"],
    ]);
    expect(watching.watcher.leftOut()).toEqual([expect.stringContaining("linked is a symbolic link to a folder")]);
  });
});

describe("what is told", () => {
  it("is what was there at the start", async () => {
    await using watching = await startWatching({}, (root) => writeFile(`${root}/a.ipynb`, notebook(7)));
    await watching.watcher.settled("a.ipynb");
    expect(watching.told.map((each) => each.n)).toEqual([7]);
  });

  it("is not the same content again, whatever else changed in the file", async () => {
    await using watching = await startWatching();
    await writeFile(watching.at("a.ipynb"), notebook(1));
    await watching.watcher.settled("a.ipynb");
    const executed = JSON.parse(notebook(1));
    executed.cells[0].outputs.push({ output_type: "stream", text: "1" });
    await writeFile(watching.at("a.ipynb"), JSON.stringify(executed, null, 1));
    await watching.watcher.settled("a.ipynb");
    await writeFile(watching.at("a.ipynb"), notebook(2));
    await watching.watcher.settled("a.ipynb");
    expect(watching.told.map((each) => each.n)).toEqual([1, 2]);
  });

  it("comes one at a time for a path, and after a slow one the last", async () => {
    let running = 0;
    let most = 0;
    const seen: number[] = [];
    await using watching = await startWatching({
      async onNotebook(_, { notebook: read }) {
        most = Math.max(most, ++running);
        await sleep(30);
        running--;
        seen.push(Number((read as { cells: { source: string }[] }).cells[0]?.source.replace("n = ", "")));
      },
    });
    for (let n = 1; n <= 20; n++) {
      await writeFile(watching.at("a.ipynb"), notebook(n));
      await sleep(7);
    }
    await watching.watcher.settled("a.ipynb");
    expect(seen.at(-1)).toBe(20);
    expect(most).toBe(1);
  });

  it("is tried again by the next scan when taking it in failed", async () => {
    let calls = 0;
    await using watching = await startWatching({
      onNotebook() {
        if (++calls === 1) throw new Error("disk full");
      },
    });
    await writeFile(watching.at("a.ipynb"), notebook(1));
    await watching.watcher.settled("a.ipynb");
    await until(() => watching.logged.length === 1);
    while (calls < 2) {
      await watching.watcher.scan();
      await sleep(5);
    }
    expect(watching.logged).toEqual(["a notebook's change could not be taken in"]);
  });

  it("is a problem when the file lies there and is no JSON; the same content is news after it", async () => {
    await using watching = await startWatching({ timing: { giveUp: 60 } });
    await writeFile(watching.at("a.ipynb"), notebook(1));
    await watching.watcher.settled("a.ipynb");
    await writeFile(watching.at("a.ipynb"), "<<<<<<< ours");
    await until(() => watching.unreadable.length === 1);
    expect(watching.unreadable[0]).toMatchObject({ path: "a.ipynb", problem: { severity: "error", code: "not-json" } });
    await writeFile(watching.at("a.ipynb"), notebook(1));
    await until(() => watching.told.length === 2);
  });

  it("is a long notebook too, parsed elsewhere, and only when its end is there", async () => {
    await using watching = await startWatching();
    const text = notebook(3, 5_000_000);
    await writeFile(watching.at("a.ipynb"), text.slice(0, 4_000_000));
    await sleep(60);
    expect(watching.told).toEqual([]);
    await writeFile(watching.at("a.ipynb"), text);
    await watching.watcher.settled("a.ipynb");
    expect(watching.told).toMatchObject([{ n: 3, torn: false }]);
  });
});

describe("without the system's notifications", () => {
  const silent = async () => ({ close: async () => {} });

  it("settled looks at the file itself", async () => {
    await using watching = await startWatching({ hints: silent });
    for (const n of [1, 2, 3]) {
      await writeFile(watching.at("a.ipynb"), notebook(n));
      await watching.watcher.settled("a.ipynb");
      expect(watching.lastOf("a.ipynb")).toBe(n);
    }
    await rm(watching.at("a.ipynb"));
    await watching.watcher.settled("a.ipynb");
    expect(watching.gone).toEqual(["a.ipynb"]);
  });

  it("settled resolves for what is not there and for what is no JSON", async () => {
    await using watching = await startWatching({ hints: silent, timing: { giveUp: 30 } });
    await watching.watcher.settled("nothing.ipynb");
    await writeFile(watching.at("bad.ipynb"), "{");
    await watching.watcher.settled("bad.ipynb");
    expect(watching.unreadable).toHaveLength(1);
  });

  it("a vouched touch needs no quiet window", async () => {
    await using watching = await startWatching({ hints: silent, timing: { quiet: 2 ** 30 } });
    await writeFile(watching.at("a.ipynb"), notebook(1));
    watching.watcher.touch(watching.at("a.ipynb"), { vouched: true });
    await until(() => watching.lastOf("a.ipynb") === 1);
  });

  it("a file that was written elsewhere and moved here needs none either, but only the first look at it", async () => {
    await using watching = await startWatching({ hints: silent, timing: { quiet: 2 ** 30 } });
    const [path, beside] = [watching.at("a.ipynb"), watching.at("beside")];
    await writeFile(path, notebook(1));
    watching.watcher.touch(path, { vouched: true });
    await until(() => watching.lastOf("a.ipynb") === 1);
    await writeFile(beside, notebook(2));
    await utimes(beside, new Date(), new Date(Date.now() - 1000)); // as if the write and the move were apart
    await rename(beside, path);
    watching.watcher.touch(path);
    await until(() => watching.lastOf("a.ipynb") === 2);
  });

  it("a file that is written where it lies does, and is shown before", async () => {
    const looks: unknown[] = [];
    const given: unknown[] = [];
    await using watching = await startWatching({
      hints: silent,
      timing: { quiet: 30 },
      onLook: (_, seen) => void (seen === null || looks.push(seen)),
      onNotebook: (_, { notebook: read }) => void given.push(read),
    });
    const path = watching.at("a.ipynb");
    const saved = async (text: string) => {
      await writeFile(path, text);
      await watching.watcher.settled(path);
    };
    await saved(notebook(1));
    expect([looks, given.length]).toEqual([[], 1]); // of the first nothing is made ready: at a start that would be all of them
    await saved(notebook(2));
    expect(looks).toHaveLength(1);
    expect(given[1]).toBe(looks[0]);
    await saved(`${notebook(2)}\n`);
    expect([looks.length, given.length]).toEqual([1, 2]);
    // Two saves within the window: what the first left may be torn, and is shown, but not told.
    await writeFile(path, notebook(3));
    watching.watcher.touch(path);
    await until(() => looks.length === 2);
    await using file = await open(path, "r+");
    await file.write(notebook(4));
    await until(() => given.length === 3);
    expect(looks).toHaveLength(3);
    expect(given[2]).toBe(looks[2]);
  });

  it("the periodic scan finds what changed", async () => {
    await using watching = await startWatching({ hints: silent, timing: { scan: 20 } });
    await writeFile(watching.at("a.ipynb"), notebook(1));
    await until(() => watching.lastOf("a.ipynb") === 1);
    await rm(watching.at("a.ipynb"));
    await until(() => watching.gone.length === 1);
  });

  it("scans take over when the system has no watches left", async () => {
    await using watching = await startWatching({
      hints: async (_, __, failed) => {
        failed(Object.assign(new Error("no space left on device, watch"), { code: "ENOSPC" }));
        return { close: async () => {} };
      },
      timing: { scanWithoutHints: 20 },
    });
    await writeFile(watching.at("a.ipynb"), notebook(1));
    await until(() => watching.lastOf("a.ipynb") === 1);
    expect(watching.logged).toHaveLength(2);
  });
});

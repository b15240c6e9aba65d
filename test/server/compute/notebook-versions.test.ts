import { mkdtempDisposable, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openNotebookVersions } from "../../../server/compute/notebook-versions.ts";
import { quiet } from "../workers/fixture.ts";

const state = (mtime: number) => ({ size: 10, mtimeNs: BigInt(mtime), ctimeNs: 0n, ino: 2n ** 60n + 1n });

it("counts each state once, from 1, by the algorithm's name in any case, and again after a restart", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "versions-"));
  const file = join(folder.path, "versions.json");
  const versions = await openNotebookVersions(file, quiet);
  expect(versions.find("a")).toBeUndefined();
  expect(await versions.count("a", state(1))).toMatchObject({ version: 1, told: 0 });
  expect(await versions.count("A", state(1))).toMatchObject({ version: 1 });
  await versions.tell("A");
  expect(await versions.count("a", state(2))).toMatchObject({ version: 2, told: 1 });
  await versions.put("a", state(3), 8, "hash");
  const again = await openNotebookVersions(file, quiet);
  expect(await again.count("a", state(3))).toMatchObject({ version: 8, told: 8, sent: { version: 8, hash: "hash" } });
  expect(await again.count("a", state(4))).toMatchObject({ version: 9, told: 8 });
  expect(await readdir(folder.path)).toEqual(["versions.json"]);
});

it("counts anew, and says so, when its file cannot be read", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "versions-"));
  const file = join(folder.path, "versions.json");
  await writeFile(file, '{"a":');
  const lines: unknown[] = [];
  const versions = await openNotebookVersions(file, { ...quiet, warn: (...line: unknown[]) => void lines.push(line) });
  expect(lines).toHaveLength(1);
  expect(await versions.count("a", state(1))).toMatchObject({ version: 1 });
});

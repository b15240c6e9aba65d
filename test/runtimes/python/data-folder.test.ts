import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Bench, python } from "../bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

it("leads each call to its own folder, in whatever order, whatever the code did to the link", () => {
  const args = [join(import.meta.dirname, "data_folder.py"), join(import.meta.dirname, "../../../runtimes/python"), "600"];
  expect(execFileSync(python, args, { encoding: "utf8" })).toBe("fine\n");
});

it("calls of several models in turns read their own files, and nothing of it is left when the worker has been killed", async () => {
  const source = [
    "DATA = '/srv/app/model/data'",
    "def load(name):\n    return name",
    "def apply(model, df, param):\n    return [{'text': open(f'{DATA}/text').read(), 'link': DATA}]",
  ].join("\n");
  const probe = await bench.worker(`${source}\n`);
  const folders = await Promise.all([1, 2, 3].map(() => bench.modelFolder()));
  for (const [at, folder] of folders.entries()) await writeFile(join(folder, "text"), `text ${at}`);
  let link = "";
  for (const at of [0, 1, 0, 1, 2, 0, 2]) {
    const model = { name: "m", key: `m@${at}`, folder: folders[at] as string, shared: bench.home.data };
    const [, row] = (await probe.call("a\n1\n", { model })).csv.split("\n");
    const [text, path] = (row as string).split(",");
    expect(text).toBe(`text ${at}`);
    link = path as string;
  }
  expect(await readFile(`${link}/text`, "utf8")).toBe("text 2");
  expect(existsSync(`${link}.ready`)).toBe(true);
  await probe.worker.kill();
  for (let tries = 0; tries < 200 && existsSync(`${link}.ready`); tries++) await sleep(20);
  expect([link, `${link}.ready`, `${link}.new`].filter((path) => existsSync(path))).toEqual([]);
});

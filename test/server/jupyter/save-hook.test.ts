import { execFile } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { listenForSaves } from "../../../server/jupyter/saves.ts";
import { jupyter, until } from "./running.ts";

const folder = resolve(import.meta.dirname, "../../../server/jupyter");
const save = (path: string, type = "notebook") =>
  `save_hook.tell(os_path=${JSON.stringify(path)}, model={"type": "${type}"}, contents_manager=None)`;
const run = (socket: string, ...lines: string[]) =>
  promisify(execFile)(join(dirname(jupyter), "python"), ["-c", ["import os, save_hook", ...lines].join("\n")], {
    cwd: folder,
    env: { PATH: process.env.PATH, PYTHONPATH: folder, BRIDGE_SAVES_SOCKET: socket, PYTHONDONTWRITEBYTECODE: "1" },
  });

it("says the absolute path of each saved notebook over one connection", async () => {
  const told: string[] = [];
  await using saves = await listenForSaves((path) => void told.push(path));
  await run(saves.path, save("/a/b.ipynb"), save("/a/c.csv", "file"), save("/ü x.ipynb"));
  await until(() => told.length === 2);
  expect(told).toEqual(["/a/b.ipynb", "/ü x.ipynb"]);
});

it("reconnects when its connection was closed", async () => {
  const told: string[] = [];
  await using saves = await listenForSaves((path) => void told.push(path));
  await run(saves.path, save("/1.ipynb"), "save_hook._connection.close()", save("/2.ipynb"));
  await until(() => told.length === 2);
  expect(told).toEqual(["/1.ipynb", "/2.ipynb"]);
});

it("never fails a save when nobody listens", async () => {
  await expect(run("/nowhere/at/all", save("/1.ipynb"))).resolves.toMatchObject({ stderr: "" });
});

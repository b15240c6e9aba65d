import { execFile } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { listenForSaves } from "../../../server/jupyter/saves.ts";
import { jupyter, until } from "./running.ts";

const folder = resolve(import.meta.dirname, "../../../server/jupyter");
const save = (path: string, type = "notebook") =>
  `save_hook.tell(os_path=${JSON.stringify(path)}, model={"type": "${type}"}, contents_manager=None)`;
const announce = (path: string, content: string, type = "notebook") =>
  `save_hook.announce(model={"type": "${type}", "content": ${content}}, path=${JSON.stringify(path)}, contents_manager=type("Manager", (), {"root_dir": "/home"}))`;
const run = (socket: string, ...lines: string[]) =>
  promisify(execFile)(join(dirname(jupyter), "python"), ["-c", ["import os, save_hook", ...lines].join("\n")], {
    cwd: folder,
    env: { PATH: process.env.PATH, PYTHONPATH: folder, BRIDGE_SAVES_SOCKET: socket, PYTHONDONTWRITEBYTECODE: "1" },
  });

it("says the absolute path of each saved notebook over one connection", async () => {
  const told: string[] = [];
  await using saves = await listenForSaves({ onSave: (path) => void told.push(path) });
  await run(saves.path, save("/a/b.ipynb"), save("/a/c.csv", "file"), save("/ü x.ipynb"));
  await until(() => told.length === 2);
  expect(told).toEqual(["/a/b.ipynb", "/ü x.ipynb"]);
});

it("reconnects when its connection was closed", async () => {
  const told: string[] = [];
  await using saves = await listenForSaves({ onSave: (path) => void told.push(path) });
  await run(saves.path, save("/1.ipynb"), "save_hook._connection.close()", save("/2.ipynb"));
  await until(() => told.length === 2);
  expect(told).toEqual(["/1.ipynb", "/2.ipynb"]);
});

it("announces what an export depends on, of what is a notebook and is not long", async () => {
  const told: unknown[] = [];
  await using saves = await listenForSaves({
    onSaving: (path, notebook) => void told.push([path, notebook]),
    onSave: () => void told.push("saved"),
  });
  const cell = `{"cell_type": "code", "id": "a", "metadata": {"name": "fit"}, "source": "x", "outputs": [1], "execution_count": 1}`;
  const content = (cells: string) =>
    `{"nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {}, "widgets": {}}, "cells": [${cells}]}`;
  await run(
    saves.path,
    announce("/a/ü x.ipynb", content(cell)),
    announce("b.txt", `"text"`, "file"),
    announce("b.ipynb", content(cell.replace(`"id": "a", `, ""))),
    announce("b.ipynb", content(`${cell}, ${cell}`)),
    announce("b.ipynb", content(`{"id": "a", "source": "x" * 100_001}`)),
    announce("b.ipynb", content(`{"id": "a", "source": "x", "metadata": {"long": "x" * 100_001}}`)),
    ...[
      `None`,
      `{}`,
      `{"nbformat": 4, "cells": 3}`,
      `{"cells": []}`,
      content(`{"source": None}`),
      content(`"x"`),
      content(`{"source": {1}}`),
    ].map((odd) => announce("b.ipynb", odd)),
    save("/end.ipynb"),
  );
  await until(() => told.includes("saved"));
  const cells = [{ cell_type: "code", id: "a", metadata: { name: "fit" }, source: "x" }];
  expect(told).toEqual([["/home/a/ü x.ipynb", { nbformat: 4, metadata: { language_info: {} }, cells }], "saved"]);
});

it("never fails a save when nobody listens", async () => {
  await expect(run("/nowhere/at/all", announce("1.ipynb", `{"nbformat": 4, "cells": []}`), save("/1.ipynb"))).resolves.toMatchObject({
    stderr: "",
  });
});

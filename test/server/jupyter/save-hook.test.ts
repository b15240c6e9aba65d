import { execFile } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { contentOf } from "../../../notebook-exporter/content.ts";
import { listenForSaves } from "../../../server/jupyter/saves.ts";
import { jupyter, until } from "./running.ts";

const folder = resolve(import.meta.dirname, "../../../server/jupyter");
const save = (path: string, type = "notebook") =>
  `save_hook.tell(os_path=${JSON.stringify(path)}, model={"type": "${type}"}, contents_manager=None)`;
const announce = (path: string, content: object, type = "notebook") =>
  `save_hook.announce(path=${JSON.stringify(path)}, model={"type": "${type}", "content": json.loads(${JSON.stringify(JSON.stringify(content))})}, contents_manager=manager)`;
const manager = 'manager = type("Manager", (), {"_get_os_path": lambda self, path: "/home/" + path})()';
/** Listens, and keeps what is told. */
async function listening() {
  const told: string[] = [];
  const announced: { path: string; notebook: unknown }[] = [];
  const saves = await listenForSaves({
    saved: (path) => void told.push(path),
    announced: (path, notebook) => void announced.push({ path, notebook }),
  });
  return { saves, told, announced };
}
const run = (socket: string, ...lines: string[]) => {
  const running = promisify(execFile)(join(dirname(jupyter), "python"), ["-"], {
    cwd: folder,
    env: { PATH: process.env.PATH, PYTHONPATH: folder, BRIDGE_SAVES_SOCKET: socket, PYTHONDONTWRITEBYTECODE: "1" },
  });
  running.child.stdin?.end(["import json, os, save_hook", manager, ...lines].join("\n"));
  return running;
};

it("says the absolute path of each saved notebook over one connection", async () => {
  const { saves, told } = await listening();
  await using _ = saves;
  await run(saves.path, save("/a/b.ipynb"), save("/a/c.csv", "file"), save("/ü x.ipynb"));
  await until(() => told.length === 2);
  expect(told).toEqual(["/a/b.ipynb", "/ü x.ipynb"]);
});

it("reconnects when its connection was closed", async () => {
  const { saves, told } = await listening();
  await using _ = saves;
  await run(saves.path, save("/1.ipynb"), "save_hook._connection.close()", save("/2.ipynb"));
  await until(() => told.length === 2);
  expect(told).toEqual(["/1.ipynb", "/2.ipynb"]);
});

it("never fails a save when nobody listens", async () => {
  await expect(run("/nowhere/at/all", announce("1.ipynb", {}), save("/1.ipynb"), announce("1.ipynb", {}))).resolves.toMatchObject({
    stderr: "",
  });
});

describe("what is about to be saved", () => {
  const cell = { cell_type: "code", id: "a", metadata: { tags: ["export"] }, source: ["x = 1\n", "y = 2"] };
  const full = {
    cells: [
      { ...cell, outputs: [{ output_type: "stream", name: "stdout", text: "o".repeat(200_000) }], execution_count: 3 },
      { cell_type: "markdown", id: "b", metadata: {}, source: "t".repeat(200_000) },
      { cell_type: "raw", id: "c", metadata: {}, source: `# | export\n${"t".repeat(200_000)}` },
      { cell_type: "markdown", id: "d", metadata: {}, source: ["\n", "#| export"] },
    ],
    metadata: { kernelspec: { name: "python3" }, widgets: { state: "w".repeat(200_000) } },
    nbformat: 4,
    nbformat_minor: 5,
  };

  it("is told before, once there is a connection, and exports as the whole does", async () => {
    const { saves, told, announced } = await listening();
    await using _ = saves;
    await run(
      saves.path,
      announce("no.ipynb", full),
      save("/home/a.ipynb"),
      announce("a.ipynb", full),
      announce("a.csv", full, "file"),
      save("/home/a.ipynb"),
    );
    await until(() => told.length === 2);
    expect(announced.map(({ path }) => path)).toEqual(["/home/a.ipynb"]);
    expect(contentOf(announced[0]?.notebook)).toBe(contentOf(full));
    expect(announced[0]?.notebook).toMatchObject({ cells: [{ id: "a", source: "x = 1\ny = 2" }, { id: "b" }, { id: "c" }, { id: "d" }] });
  });

  it("is not told where it is long, where the bridge does not read, and where it is no notebook at all; saves go on", async () => {
    const { saves, told, announced } = await listening();
    await using _ = saves;
    const long = { ...full, cells: [{ ...cell, source: "x".repeat(100_000) }] };
    await run(saves.path, save("/home/1.ipynb"), announce("1.ipynb", long), announce("1.ipynb", { cells: 1 }), save("/home/1.ipynb"));
    await until(() => told.length === 2);
    expect(announced).toEqual([]);

    const near = { ...full, cells: [{ ...cell, source: "x".repeat(60_000) }] };
    const deaf = [
      "import socket, time",
      "ours, theirs = socket.socketpair()",
      "ours.settimeout(save_hook.TIMEOUT_SECONDS)",
      "save_hook._connection = ours",
      "began = time.perf_counter()",
      ...Array.from({ length: 20 }, () => announce("1.ipynb", near)),
      "assert time.perf_counter() - began < 1",
      // What was sent are whole lines, unless a part closed the connection.
      "theirs.setblocking(False)",
      "sent = theirs.recv(10_000_000)",
      "assert save_hook._connection is not None and sent.endswith(b'\\n') or save_hook._connection is None, len(sent)",
    ];
    await expect(run(saves.path, ...deaf, save("/home/2.ipynb"))).resolves.toMatchObject({ stderr: "" });
  });
});

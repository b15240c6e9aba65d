import { execFile, execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { access, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { python } from "../notebook-exporter/python.ts";
import { type BridgeProcess, bridgeProcess } from "../server/support/bridge-process.ts";
import { type Block, blocksOf, commandsOf, isAsPrinted } from "./page.ts";

const root = resolve(import.meta.dirname, "../..");
const pages = ["README.md", ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((file) => `docs/${file}`)].filter(
  (file) => file.endsWith(".md"),
);

let bridge: BridgeProcess;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pages-"));
  const home = join(folder, "home");
  await cp(join(root, "notebooks"), join(home, "notebooks"), { recursive: true });
  bridge = await bridgeProcess(home);
  const live = async () => {
    const answer = await fetch(`${bridge.url}/v1/algorithms`, { headers: { authorization: `Bearer ${bridge.token}` } });
    return ((await answer.json()) as { state: string }[]).filter(({ state }) => state === "live").length;
  };
  while ((await live()) < 4) await sleep(50);
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "bridge"), `#!/bin/sh\nexec ${process.execPath} ${join(root, "bin/cli.ts")} "$@"\n`);
  chmodSync(join(bin, "bridge"), 0o755);
});
afterAll(async () => {
  await bridge?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command as the page's reader would, in a folder that looks like the checkout. */
function run(command: string, cwd: string): Promise<{ code: number; text: string }> {
  const env = {
    PATH: `${join(folder, "bin")}:${process.env.PATH}`,
    BRIDGE_HOME: bridge.home,
    BRIDGE_URL: bridge.url,
    HOME: folder,
    NO_COLOR: "1",
  };
  return new Promise((done) => {
    execFile("bash", ["-c", `exec 2>&1\n${command}`], { cwd, env, maxBuffer: 2 ** 26 }, (error, stdout) =>
      done({ code: typeof error?.code === "number" ? error.code : 0, text: stdout }),
    );
  });
}

const checks: Record<string, (block: Block, cwd: string) => Promise<void> | void> = {
  async console(block, cwd) {
    for (const { command, printed } of commandsOf(block)) {
      const { code, text } = await run(command, cwd);
      const isRight = code === Number(block.notes.exit ?? 0) && (printed === "" || isAsPrinted(text, printed));
      expect(isRight, `$ ${command}\nended with ${code} and printed:\n${text}\nThe page says:\n${printed}`).toBe(true);
    }
  },
  async python({ text, notes }, cwd) {
    execFileSync(python, ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: text });
    await kept(notes.file, text, cwd);
  },
  async json({ text, notes }, cwd) {
    JSON.parse(text);
    await kept(notes.file, text, cwd);
  },
  csv: ({ text, notes }, cwd) => kept(notes.file, text, cwd),
  spl({ text }) {
    expect(text, "A search begins with index= or |, and has quotes in pairs.").toMatch(/^(?:index=|\|)(?:[^"]|"[^"]*")*$/);
  },
  sh({ notes }) {
    expect(notes.reason, 'A sh block is not run: say why with reason="…", or make it a console block of "$ " lines.').toBeTruthy();
  },
  text() {},
  ini() {},
  mermaid() {},
};

async function kept(file: string | undefined, text: string, cwd: string): Promise<void> {
  if (file === undefined) return;
  const path = resolve(cwd, file.replace(/^home\//, `${bridge.home}/`));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${text}\n`);
}

describe.each(pages)("%s", (page) => {
  const markdown = readFileSync(join(root, page), "utf8");

  it("has examples that work", async () => {
    const cwd = await mkdtemp(join(folder, "page-"));
    for (const each of [".python", "docs", "demo", "notebooks"]) await symlink(join(root, each), join(cwd, each));
    for (const block of blocksOf(markdown)) {
      const check = checks[block.language];
      expect(
        check,
        `${page} line ${block.line}: "${block.language}" is no kind of block; use one of ${Object.keys(checks).join(", ")}.`,
      ).toBeDefined();
      await check?.(block, cwd);
    }
  });

  it("has links that lead somewhere", async () => {
    for (const [, target = ""] of markdown.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? join(root, page) : join(root, dirname(page), path);
      await expect(access(file), `${page} links to ${relative(root, file)}`).resolves.toBeUndefined();
      if (anchor === undefined) continue;
      const headings = readFileSync(file, "utf8").match(/^#+ .*$/gm) ?? [];
      const anchors = headings.map((each) =>
        each
          .replace(/^#+ /, "")
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
          .replaceAll(" ", "-"),
      );
      expect(anchors).toContain(anchor);
    }
  });
});

describe("a page's parts", () => {
  it("are found with their notes, and commands with what they print", () => {
    const [block] = blocksOf('text\n```console file=a.csv reason="b c"\n$ one\n> two\nprinted\n\n$ three\n```\n');
    expect(block).toMatchObject({ language: "console", notes: { file: "a.csv", reason: "b c" }, line: 2 });
    expect(block && commandsOf(block)).toEqual([
      { command: "one\ntwo", printed: "printed\n" },
      { command: "three", printed: "" },
    ]);
  });

  it("match where … is anything, and else not", () => {
    expect(isAsPrinted("a 1 b\nc\nd\n", "a … b\n…\nd")).toBe(true);
    expect(isAsPrinted("a (1)", "a (1)")).toBe(true);
    expect(isAsPrinted("a 1 c", "a … b")).toBe(false);
    expect(isAsPrinted("a\nb", "a")).toBe(false);
  });
});

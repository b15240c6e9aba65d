import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CheckFailed } from "../../notebook-exporter/answer.ts";
import { startCheck } from "../../notebook-exporter/check.ts";
import { exportNotebook } from "../../notebook-exporter/export.ts";
import { python } from "./python.ts";

const ask = (source: string) => ({ cells: [{ cell: 1, source }], unmarked: [], requirements: [] });

/** A program in place of Python. */
async function program(text: string) {
  const folder = await mkdtemp(join(tmpdir(), "check-"));
  const path = join(folder, "python");
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return { path, folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

describe("the resident check", () => {
  it("answers many requests, each with its own answer", async () => {
    await using check = startCheck({ python });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => check(ask(`x = ${at}`))));
    expect(answers.map((each) => each.cells[0]?.source)).toEqual(Array.from({ length: 50 }, (_, at) => `x = ${at}\n`));
  });

  it("runs nothing of what it looks at, and imports nothing", async () => {
    await using folder = await program("");
    await using check = startCheck({ python });
    const mark = join(folder.folder, "ran");
    await check(ask(`open(${JSON.stringify(mark)}, 'w')\nimport antigravity`));
    await check(ask(`%run open(${JSON.stringify(mark)}, 'w')\n!touch ${mark}`));
    await expect(rm(mark)).rejects.toThrow("ENOENT");
  });

  it("tells a magic's own function however it is spelled, and no text that only holds its name", async () => {
    await using check = startCheck({ python });
    const codes = async (source: string) => (await check(ask(source))).problems.map(({ code, line }) => [code, line]);
    expect(await codes("x = 1\nget_ipython().run_line_magic('pwd', '')")).toEqual([["magic", 2]]);
    expect(await codes("\uff47et_ipython().run_line_magic('pwd', '')")).toEqual([["magic", 1]]); // Python reads the same name
    expect(await codes("x = 'get_ipython()'\nprint(nowhere)")).toEqual([["undefined-name", 2]]);
  });

  it("says what keeps cells that can be parsed from being compiled, and looks at their names all the same", async () => {
    await using check = startCheck({ python });
    const { problems } = await check(ask("print(nowhere)\nreturn 1"));
    expect(problems.map(({ code, line }) => [code, line])).toEqual([
      ["syntax-error", 2],
      ["undefined-name", 1],
    ]);
  });

  it("looks at a notebook of thousands of cells", async () => {
    await using check = startCheck({ python });
    const cells = Array.from({ length: 3000 }, (_, at) => ({ cell: at + 1, source: `def f${at}(x):\n    return x + ${at}\n` }));
    const { cells: answered, problems } = await check({ cells, unmarked: [], requirements: [] });
    expect(answered).toHaveLength(3000);
    expect(problems).toEqual([]);
  });

  it("is started again after it died", async () => {
    await using folder = await program("");
    // Dies on its first start only, after it took the request.
    const path = join(folder.folder, "python");
    await writeFile(path, `#!/bin/sh\nif mkdir ${folder.folder}/once 2>/dev/null; then read line; kill -9 $$; fi\nexec ${python} "$@"\n`);
    await using check = startCheck({ python: path });
    expect((await check(ask("x = 1"))).cells).toHaveLength(1);
    expect((await check(ask("y = 1"))).cells).toHaveLength(1);
  });

  it("gives up on one request after the limit, twice, and says so", async () => {
    await using silent = await program("exec cat > /dev/null");
    await using check = startCheck({ python: silent.path, limit: 50 });
    await expect(check(ask("x = 1"))).rejects.toThrow(/gave no answer within 50 ms/);
    await expect(check(ask("x = 1"))).rejects.toBeInstanceOf(CheckFailed);
  });

  it("tells what Python wrote when it cannot work", async () => {
    await using broken = await program("echo No module named IPython >&2; exit 3");
    await using check = startCheck({ python: broken.path });
    await expect(check(ask("x = 1"))).rejects.toThrow(/exited with code 3.*No module named IPython/s);
    await using absent = startCheck({ python: "/nowhere/python" });
    await expect(absent(ask("x = 1"))).rejects.toThrow(/could not be started/);
  });

  it("refuses when it was stopped", async () => {
    const check = startCheck({ python });
    await check[Symbol.asyncDispose]();
    await expect(check(ask("x = 1"))).rejects.toBeInstanceOf(CheckFailed);
  });
});

it("an export that could not be checked is an error, and its content is not taken for exported", async () => {
  const cells = [{ cell_type: "code", metadata: { name: "a" }, source: "x = 1" }];
  const fails = () => Promise.reject(new CheckFailed("it is broken"));
  const { manifest, content, problems } = await exportNotebook("a", { nbformat: 4, metadata: {}, cells }, fails, { notebook: null });
  expect({ manifest, content }).toEqual({ manifest: undefined, content: "" });
  expect(problems).toMatchObject([{ severity: "error", code: "check-failed" }]);
});

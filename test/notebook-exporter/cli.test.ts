import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Manifest } from "#contract/manifest.ts";
import { exportCommand, runExport } from "../../notebook-exporter/cli.ts";
import { python } from "./python.ts";

const input = (name: string) => join(import.meta.dirname, "input", `${name}.ipynb`);

async function exporting() {
  const dir = await mkdtemp(join(tmpdir(), "export-"));
  const printed: string[] = [];
  const print = (line: string) => void printed.push(line);
  return {
    dir,
    printed,
    run: (notebook: string) => runExport({ notebook, dir, python, print }),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}

describe("bridge export", () => {
  it("writes the module and its manifest, prints warnings and exits with 0", async () => {
    await using to = await exporting();
    expect(await to.run(input("undefined-load"))).toBe(0);
    expect((await readdir(to.dir)).toSorted()).toEqual(["undefined-load.manifest.json", "undefined-load.py"]);
    const manifest = Manifest.parse(JSON.parse(await readFile(join(to.dir, "undefined-load.manifest.json"), "utf8")));
    expect(manifest.notebook).toBe("undefined-load.ipynb");
    expect(to.printed).toEqual([
      `${input("undefined-load")} cell 7 line 2: warning: "model" is used here, but no exported cell defines it. ` +
        "Mark cell 2, which defines it, or define it in an exported cell.",
    ]);
  });

  it("writes the files all the same when there are errors, and exits with 1", async () => {
    await using to = await exporting();
    expect(await to.run(input("syntax-later"))).toBe(1);
    expect(await readdir(to.dir)).toContain("syntax-later.py");
    expect(to.printed[0]).toContain("syntax-later.ipynb cell 2 line 3: error: ");
  });

  it("takes siblings from what was exported to the same folder", async () => {
    await using to = await exporting();
    await to.run(input("star-import"));
    expect(to.printed.join()).toContain("app.model.base is imported, but no algorithm of that name is live.");
    to.printed.length = 0;
    await writeFile(join(to.dir, "base.py"), "pd = 1\n");
    await to.run(input("star-import"));
    expect(to.printed).toEqual([]);
  });

  it.each([
    ["no file", "nothing.ipynb", "There is no such file. Name a notebook"],
    ["no JSON", "export.test.ts", "is not valid JSON"],
  ])("says what is wrong with %s", async (_, file, why) => {
    await using to = await exporting();
    expect(await to.run(join(import.meta.dirname, file))).toBe(1);
    expect(to.printed[0]).toContain(why);
    expect(await readdir(to.dir)).toEqual([]);
  });

  it("is a command with a notebook and a folder", async () => {
    await using to = await exporting();
    const codes: number[] = [];
    const command = exportCommand(
      () => python,
      (line) => void to.printed.push(line),
      (code) => void codes.push(code),
    );
    await command.parseAsync([input("syntax-later"), to.dir], { from: "user" });
    expect(codes).toEqual([1]);
    expect(await readdir(to.dir)).toHaveLength(2);
  });
});

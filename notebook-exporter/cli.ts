import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Command } from "commander";
import { holdsBack, type Problem, problemLine } from "#contract/problem.ts";
import { hashOf } from "./canonical.ts";
import { startCheck } from "./check.ts";
import { nameOf } from "./claims.ts";
import { exportNotebook } from "./export.ts";
import { modulePath, type Sibling } from "./siblings.ts";

export interface ExportArguments {
  /** The notebook's path. */
  readonly notebook: string;
  /** Where to write; made when it is not there. */
  readonly dir: string;
  /** The Python that models run in. */
  readonly python: string;
  /** Takes one line. */
  readonly print: (line: string) => void;
}

/** Writes `<name>.py` and `<name>.manifest.json` and prints the problems. Returns the exit code: 1 when one is an error. */
export async function runExport({ notebook, dir, python, print }: ExportArguments): Promise<number> {
  const unreadable = (why: string, hint: string) => {
    const problem: Problem = { severity: "error", code: "not-json", message: why, hint };
    print(problemLine(notebook, problem));
    return 1;
  };
  let value: unknown;
  try {
    value = JSON.parse(await readFile(notebook, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof SyntaxError)
      return unreadable(`The file is not valid JSON: ${why}.`, "Mend it, or take the last version that worked.");
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return unreadable("There is no such file.", "Name a notebook that is there.");
    if (code === "EISDIR") return unreadable("This is a folder.", "Name one notebook in it.");
    return unreadable(`The file cannot be read: ${why}.`, "Look whether this user may read it.");
  }
  await using check = startCheck({ python });
  const siblings = (module: string) => moduleIn(dir, module);
  const exported = await exportNotebook(nameOf(notebook), value, check, { notebook: basename(notebook), siblings });
  if (exported.manifest) {
    const { name, file } = exported.manifest;
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, file), exported.files[`app/model/${file}`] ?? "");
    await writeFile(join(dir, `${name}.manifest.json`), `${JSON.stringify(exported.manifest, null, 2)}\n`);
  }
  for (const each of exported.problems) print(problemLine(notebook, each));
  return holdsBack(exported.problems) ? 1 : 0;
}

/** `export NOTEBOOK [DIR]`. `findPython` is called when the command runs; `exit` gets the code. */
export function exportCommand(
  findPython: () => string | Promise<string>,
  print: (line: string) => void,
  exit: (code: number) => void,
): Command {
  return new Command("export")
    .description("export a notebook's marked cells without a server")
    .argument("<notebook>", "the .ipynb file")
    .argument("[dir]", "where to write <name>.py and <name>.manifest.json", ".")
    .action(async (notebook: string, dir: string) => {
      exit(await runExport({ notebook, dir, python: await findPython(), print }));
    });
}

/** Without a server, siblings are what was exported to the same folder before. */
function moduleIn(dir: string, module: string): Sibling | undefined {
  try {
    const files = { [modulePath(module)]: readFileSync(join(dir, `${module}.py`), "utf8") };
    return { version: hashOf({ files }).slice(0, 16), files, siblings: {} };
  } catch {
    return undefined;
  }
}

import type { Problem } from "#contract/problem.ts";
import { type Check, CheckFailed } from "./answer.ts";
import { hashOf } from "./canonical.ts";
import { methodsOf, missingEntryPoints } from "./entry-points.ts";
import { type Exported, nameProblem } from "./export.ts";
import { languages } from "./languages.ts";
import { readSettings } from "./settings.ts";
import { collectSiblings, type Files, type FindSibling } from "./siblings.ts";

/** Raised when the same files make another version than before. */
const RULE = 1;
const PLACE = "The block of settings (# /// script), tool.compute_bridge";

/** Hash of all that a module's version depends on, less its siblings. */
export function contentOfModule(files: Files): string {
  return hashOf(["module", RULE, files]);
}

/**
 * Makes a version of a module that was laid into `app/model/`: its files as they are, looked at like a notebook's export.
 *
 * @param files by path in the version's folder, the one with the entry points first (readModule)
 */
export async function exportModule(name: string, files: Files, check: Check, find: FindSibling): Promise<Exported> {
  const content = contentOfModule(files);
  const naming = nameProblem(name);
  if (naming) return { manifest: undefined, problems: [naming], content };
  const language = languages.find((each) => each.name === "python");
  const [main] = Object.keys(files);
  if (!language || main === undefined) throw new Error("a module has a language and a file");
  const sources: { path: string; source: string }[] = [];
  const problems: Problem[] = [];
  for (const [path, text] of Object.entries(files)) {
    if (!path.endsWith(language.extension)) continue;
    const file = path.slice("app/model/".length);
    if (typeof text === "string") sources.push({ path: file, source: text.replace(/^\uFEFF/, "") });
    else problems.push(notUtf8(file));
  }
  if (problems.length > 0) return { manifest: undefined, problems, content };

  const answer = await check({ module: name, files: sources }).catch((error: unknown) => {
    if (error instanceof CheckFailed) return error;
    throw error;
  });
  if (answer instanceof CheckFailed) return { manifest: undefined, problems: [checkFailed(answer)], content: "" };
  const { settings, problems: bad } = readSettings(answer.settings, name, language, PLACE);
  const siblings = await collectSiblings(name, answer.needs, find);
  const missing = answer.more ? [] : missingEntryPoints(answer.entryPoints, "the module");
  const { runtime, environment, requirements, options } = settings;
  const all = { ...files, ...siblings.files };
  return {
    manifest: {
      name,
      version: hashOf({ files: all, options, requirements, runtime, environment }).slice(0, 16),
      file: main.slice("app/model/".length),
      notebook: null,
      ...settings,
      entryPoints: answer.entryPoints,
      methods: methodsOf(answer.entryPoints),
      cells: [],
      siblings: siblings.siblings,
    },
    files: all,
    needs: answer.needs.map((each) => each.module),
    problems: [...bad, ...answer.problems, ...siblings.problems, ...missing],
    content,
  };
}

function notUtf8(file: string): Problem {
  return { severity: "error", code: "not-utf-8", file, message: "The file is not UTF-8.", hint: "Save it as UTF-8." };
}

function checkFailed(error: CheckFailed): Problem {
  return {
    severity: "error",
    code: "check-failed",
    message: `The module could not be checked: ${error.message}`,
    hint: "Write it again; if it fails again, see that the models' Python has IPython, pyflakes and packaging.",
  };
}

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { addedFile, modelsPython, pythonFolder, uv } from "./folders.mjs";
import { pythonEnvironments } from "./python-environments.mjs";
import { run } from "./run.mjs";
import { SetupFailed } from "./say.mjs";
import { readOr } from "./stamp.mjs";

const usage = "Say npm run python -- list, add PACKAGE… or remove PACKAGE….";

/** `npm run python -- …`: packages of one's own in the models' environment. They stay over every later set-up. */
export async function changePackages([verb, ...packages]) {
  if (process.env.BRIDGE_PYTHON) {
    throw new SetupFailed(
      `BRIDGE_PYTHON names ${process.env.BRIDGE_PYTHON}, which is not ours to change.`,
      "Add packages there with its own tools.",
    );
  }
  if (verb === "list" && packages.length === 0) {
    return run("listing", [uv, "pip", "list", "--python", modelsPython], { hint: usage, show: true });
  }
  if ((verb !== "add" && verb !== "remove") || packages.length === 0) throw new SetupFailed("Nothing to do.", usage);
  const strange = packages.find((each) => !/^[A-Za-z0-9]/.test(each) || /[\r\n]/.test(each));
  if (strange !== undefined) throw new SetupFailed(`${JSON.stringify(strange)} is no package's name.`, usage);

  const before = readOr(addedFile, "");
  const kept = before.split("\n").filter((line) => line && !packages.some((each) => nameOf(each) === nameOf(line)));
  if (verb === "remove" && kept.length === before.split("\n").filter(Boolean).length) {
    throw new SetupFailed(`${packages.join(", ")} was not added here.`, "Only what `add` added can be removed (.python/added.txt).");
  }
  write(verb === "add" ? [...kept, ...packages] : kept);
  try {
    await pythonEnvironments();
  } catch (error) {
    write(before.split("\n").filter(Boolean));
    throw error;
  }
}

function write(lines) {
  mkdirSync(pythonFolder, { recursive: true });
  if (lines.length === 0) rmSync(addedFile, { force: true });
  else writeFileSync(addedFile, `${lines.join("\n")}\n`);
}

/** The part before extras and versions, as the package index compares names. */
function nameOf(requirement) {
  const [name = ""] = requirement.split(/[\s[<>=!~;@(]/);
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

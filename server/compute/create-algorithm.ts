import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { INotebookContent } from "@jupyterlab/nbformat";
import { z } from "zod";
import { BadCall, Conflict, JupyterFailed, NotFound } from "#contract/errors.ts";
import { nameKey } from "#contract/names.ts";
import { nameOf } from "../../notebook-exporter/claims.ts";
import { listNotebooks } from "../../notebook-exporter/folder.ts";
import { connectJupyter } from "../jupyter/client.ts";
import { notebookFromTemplate } from "../jupyter/template.ts";
import type { AlgorithmsReader } from "../store/store.ts";
import type { BridgeHome } from "./home.ts";
import type { Publisher } from "./publisher.ts";

export interface NewAlgorithm {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly category?: string | undefined;
  readonly runtime?: string | undefined;
  readonly environment?: string | undefined;
}

/** JupyterLab as far as a new notebook needs it. */
export interface RunningJupyter {
  readonly port: number;
  readonly token: string;
  ready(): boolean;
  editorAddress(notebook: string): string | null;
}

const Template = z.looseObject({
  cells: z.array(z.looseObject({})),
  metadata: z.looseObject({}),
  nbformat: z.int(),
  nbformat_minor: z.int(),
});

/**
 * Makes an algorithm's notebook from the template of its runtime, through JupyterLab.
 *
 * It is published when this resolves, so that the next call finds it.
 *
 * @param templates folder of `barebone_<runtime>.ipynb`
 * @param environmentOf finds an environment by name or alias
 * @throws Conflict when the name is taken; BadCall for a runtime without template or an unknown environment; JupyterFailed
 */
export function createAlgorithmWith(
  home: BridgeHome,
  templates: string,
  runtimes: readonly string[],
  jupyter: RunningJupyter | undefined,
  publisher: Pick<Publisher, "settled">,
  algorithms: Pick<AlgorithmsReader, "find">,
  environmentOf: (name: string) => unknown,
) {
  return async (asked: NewAlgorithm): Promise<{ algorithm: string; notebook: string; editor: string | null }> => {
    if (!jupyter?.ready()) throw new JupyterFailed("JupyterLab is not running, or is still coming up, so no notebook can be made.");
    const runtime = asked.runtime ?? "python";
    if (!runtimes.includes(runtime)) throw new BadCall(`There is no runtime "${runtime}" here.`, `Use one of: ${runtimes.join(", ")}.`);
    if (asked.environment !== undefined) knownEnvironment(environmentOf, asked.environment);
    const taken = (await listNotebooks(home.notebooks)).find((path) => nameKey(nameOf(path)) === nameKey(asked.name));
    if (taken !== undefined)
      throw new Conflict(`The name "${asked.name}" is taken by the notebook ${taken}.`, "Choose another name, or open that notebook.");
    const known = await algorithms.find(asked.name);
    if (known?.notebook === null && known.state !== "missing") {
      throw new Conflict(`The name "${asked.name}" is taken by a module in app/model.`, "Choose another name, or take the module away.");
    }
    const template = Template.parse(JSON.parse(await readFile(join(templates, `barebone_${runtime}.ipynb`), "utf8")));
    const notebook = notebookFromTemplate(template as unknown as INotebookContent, {
      name: asked.name,
      title: asked.title ?? asked.name,
      description: asked.description ?? "",
      category: asked.category ?? "",
      runtime,
      environment: asked.environment ?? "default",
    });
    using client = connectJupyter(`http://127.0.0.1:${jupyter.port}`, jupyter.token);
    const { path } = await client.createNotebook(`${asked.name}.ipynb`, notebook);
    await publisher.settled(asked.name, { notebook: path, isLive: false });
    return { algorithm: asked.name, notebook: path, editor: jupyter.editorAddress(path) };
  };
}

/** A notebook that names none of ours could never be called. @throws BadCall with those that there are */
function knownEnvironment(environmentOf: (name: string) => unknown, name: string): void {
  try {
    environmentOf(name);
  } catch (error) {
    if (error instanceof NotFound) throw new BadCall(`There is no environment "${name}" here.`, error.hint);
    throw error;
  }
}

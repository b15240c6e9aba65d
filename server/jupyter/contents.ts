import type { INotebookContent } from "@jupyterlab/nbformat";
import services, { type Contents } from "@jupyterlab/services";
import { z } from "zod";
import { Conflict, JupyterFailed, NotFound } from "#contract/errors.ts";

export interface OpenNotebook {
  /** Relative to the notebooks folder. */
  readonly path: string;
  readonly content: INotebookContent;
  /** Of the file as it was read or written: what `save` compares. */
  readonly hash: string;
}

/** Notebooks through Jupyter's contents API, so that Lab and its hooks see what the bridge does. */
export interface NotebookFiles {
  /** @throws NotFound, JupyterFailed */
  open(path: string): Promise<OpenNotebook>;
  /** Never overwrites. @throws Conflict when the path is taken, JupyterFailed */
  createNotebook(path: string, content: INotebookContent): Promise<OpenNotebook>;
  /**
   * @param options.ifHash of the content that the change was made on
   * @throws Conflict when the file changed since, NotFound, JupyterFailed
   */
  save(path: string, content: INotebookContent, options: { readonly ifHash: string }): Promise<OpenNotebook>;
}

const Notebook = z.looseObject({ cells: z.array(z.looseObject({ cell_type: z.string() })) });

export function notebookFiles(drive: Contents.IDrive): NotebookFiles {
  const hashOf = async (path: string): Promise<string | undefined> => {
    const found = await asked(path, drive.get(path, { content: false, hash: true })).catch(ignoreMissing);
    return found && (found.hash ?? "");
  };
  const write = async (path: string, content: INotebookContent): Promise<OpenNotebook> => {
    await asked(path, drive.save(path, { type: "notebook", format: "json", content }));
    return { path, content, hash: (await hashOf(path)) ?? "" };
  };
  // Jupyter's own saves know no precondition: within this bridge one save a time looks and then writes.
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };

  return {
    async open(path) {
      const { content, hash } = await asked(path, drive.get(path, { type: "notebook", content: true, hash: true }));
      if (!Notebook.safeParse(content).success) throw new JupyterFailed(`JupyterLab answered something that is no notebook for ${path}.`);
      return { path, content, hash: hash ?? "" };
    },
    createNotebook: (path, content) =>
      alone(async () => {
        if ((await hashOf(path)) !== undefined) {
          throw new Conflict(`There is a notebook ${path} already.`, "Choose another name, or open the notebook that there is.");
        }
        return write(path, content);
      }),
    save: (path, content, { ifHash }) =>
      alone(async () => {
        const hash = await hashOf(path);
        if (hash === undefined) throw new NotFound("notebook", path);
        if (hash !== ifHash) {
          throw new Conflict(`${path} was changed since it was read.`, "Read the notebook again, make the change there and save.");
        }
        return write(path, content);
      }),
  };
}

async function asked<T>(path: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof services.ServerConnection.ResponseError && error.response.status === 404) throw new NotFound("notebook", path);
    throw new JupyterFailed(`JupyterLab did not do what it was asked for ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof NotFound)) throw error;
}

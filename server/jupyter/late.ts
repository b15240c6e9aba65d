import { type Jupyter, type JupyterOptions, startJupyter } from "./start.ts";

/** JupyterLab as those see it who are built before it is up: not ready until then. */
export interface LateJupyter extends AsyncDisposable {
  readonly port: number;
  readonly token: string;
  ready(): boolean;
  /** Null while it is not up. @param notebook relative to the notebooks folder */
  editorAddress(notebook: string): string | null;
  /** Starts it. @throws JupyterFailed */
  start(options: JupyterOptions): Promise<Jupyter>;
}

/** It takes seconds to come up, and calls need not wait for it. Ends with what it started. */
export function lateJupyter(): LateJupyter {
  let running: Jupyter | undefined;
  return {
    get port() {
      return running?.port ?? 0;
    },
    get token() {
      return running?.token ?? "";
    },
    ready: () => running?.ready() ?? false,
    editorAddress: (notebook) => running?.editorAddress(notebook) ?? null,
    async start(options) {
      running = await startJupyter(options);
      return running;
    },
    async [Symbol.asyncDispose]() {
      await running?.[Symbol.asyncDispose]();
    },
  };
}

import { delimiter, dirname } from "node:path";
import type { JupyterFiles } from "./files.ts";

/** What of the bridge's environment kernels and terminals may see: the machine's, never the bridge's own (tokens). */
const passed =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TERM|TZ|TMPDIR|LANG|LANGUAGE|LC_\w+|LD_LIBRARY_PATH|CUDA\w*|NVIDIA\w*|OMP_\w+|OPENBLAS_\w+|MKL_\w+|(?:https?|no|all)_proxy|SSL_CERT_\w+)$/i;

/** The whole environment of JupyterLab's process. No configuration of the user's own is read. */
export function jupyterEnv(
  all: Readonly<Record<string, string | undefined>>,
  files: JupyterFiles,
  socket: string,
  python: string,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) if (value !== undefined && passed.test(name)) env[name] = value;
  return {
    ...env,
    // A terminal's `python` is the one that the models run in.
    PATH: [dirname(python), env.PATH ?? "/usr/bin:/bin"].join(delimiter),
    JUPYTER_CONFIG_DIR: files.config,
    JUPYTER_DATA_DIR: files.data,
    // Before the environment's own: its kernel would run in JupyterLab's Python.
    JUPYTER_PATH: files.data,
    JUPYTER_RUNTIME_DIR: files.runtime,
    BRIDGE_SAVES_SOCKET: socket,
  };
}

import { basename } from "node:path";
import { setImmediate } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { IOutput } from "@jupyterlab/nbformat";
import services, { type Kernel, type KernelMessage, type ServerConnection } from "@jupyterlab/services";
import { JupyterFailed } from "#contract/errors.ts";

/** What a cell printed, showed or returned. `cell` is counted from 1 over cells of every kind. */
export interface CellOutput {
  readonly cell: number;
  readonly output: IOutput;
}

/** Runs the cells in a new kernel, in order, and shuts it down whatever happens. @throws JupyterFailed at the first error */
export async function executeCells(
  settings: ServerConnection.ISettings,
  path: string,
  cells: readonly { readonly cell: number; readonly source: string }[],
  onOutput: (output: CellOutput) => void,
): Promise<number> {
  const kernels = new services.KernelManager({ serverSettings: settings, standby: "never" });
  const sessions = new services.SessionManager({ serverSettings: settings, kernelManager: kernels, standby: "never" });
  try {
    const name = basename(path);
    const session = await sessions.startNew({ path, name, type: "notebook", kernel: { name: "python3" } }).catch((error: unknown) => {
      throw new JupyterFailed(`JupyterLab started no kernel for ${path}: ${error instanceof Error ? error.message : error}`);
    });
    try {
      if (!session.kernel) throw new JupyterFailed(`JupyterLab started no kernel for ${path}.`);
      for (const { cell, source } of cells) {
        await executeCell(session.kernel, `Cell ${cell} of ${path}`, source, (output) => onOutput({ cell, output }));
      }
      return cells.length;
    } finally {
      if (session.kernel) await settled(session.kernel);
      await session.shutdown().catch(() => {}); // Jupyter went away, and the kernel with it
      session.dispose();
    }
  } finally {
    sessions.dispose();
    kernels.dispose();
  }
}

async function executeCell(
  kernel: Kernel.IKernelConnection,
  which: string,
  code: string,
  onOutput: (output: IOutput) => void,
): Promise<void> {
  const future = kernel.requestExecute({ code, stop_on_error: true, allow_stdin: false });
  future.onIOPub = (message) => {
    const output = outputOf(message);
    if (output) onOutput(output);
  };
  const died = Promise.withResolvers<never>();
  const look = (_: unknown, status: Kernel.Status): void => {
    if (status === "dead" || status === "autorestarting" || status === "terminating") {
      died.reject(new JupyterFailed(`${which} ended the kernel: it crashed, was killed or ran out of memory.`));
    }
  };
  kernel.statusChanged.connect(look);
  try {
    const { content } = await Promise.race([future.done, died.promise]);
    if (content.status === "ok") return;
    if (content.status !== "error") throw new JupyterFailed(`${which} was stopped.`);
    const traceback = stripVTControlCharacters(content.traceback.join("\n"));
    throw new JupyterFailed(`${which} ended with ${content.ename}: ${content.evalue}\n${traceback}`);
  } finally {
    kernel.statusChanged.disconnect(look);
    future.dispose();
  }
}

/**
 * The library reconnects by itself to a kernel that was started again, and rejects a promise that nobody holds when it is disposed
 * of meanwhile: that would end the bridge. So wait, for a while, until it did.
 */
async function settled(kernel: Kernel.IKernelConnection): Promise<void> {
  await setImmediate(); // a restart begins to reconnect after it was told
  if (kernel.connectionStatus !== "connecting") return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (_: unknown, status: Kernel.ConnectionStatus): void => {
    if (status !== "connecting") resolve();
  };
  kernel.connectionStatusChanged.connect(look);
  const given = AbortSignal.timeout(reconnectMs);
  given.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  kernel.connectionStatusChanged.disconnect(look);
}

const reconnectMs = 15_000;
const outputKinds = ["stream", "display_data", "execute_result", "error"] as const;

/** A kernel's message as a notebook would keep it; undefined for its states and echoes. */
function outputOf({ header, content }: KernelMessage.IIOPubMessage): IOutput | undefined {
  const output_type = outputKinds.find((kind) => kind === header.msg_type);
  return output_type && { output_type, ...content };
}

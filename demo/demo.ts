import { join } from "node:path";
import { ApiFailed } from "../bin/api.ts";
import { homeFolder, modelsPython } from "../bin/places.ts";
import { type RunningBridge, startBridge, stopSignal } from "../bin/running-bridge.ts";
import { connectJupyter } from "../server/jupyter/client.ts";
import { api } from "./api.ts";
import { readRows } from "./rows.ts";
import { algorithm, judged, label, saveAndGoLive, untilLive } from "./steps.ts";
import { receiptLine, type Teller, teller } from "./tell.ts";

export interface DemoArguments {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** End after the last step instead of staying up. */
  readonly isOnce: boolean;
  readonly print: (line: string) => void;
}

const notebook = `examples/${algorithm}.ipynb`;
const leastRight = 0.9;

/** Does the main job of the bridge through its own HTTP API and JupyterLab. @returns the exit code */
export async function demo({ env, isOnce, print }: DemoArguments): Promise<number> {
  const stopped = stopSignal();
  // The steps are the output; what goes wrong still shows. A free port, where the usual ones may be taken.
  const quiet = { ...env, BRIDGE_LOG: env.BRIDGE_LOG || "warn" };
  const settings = isOnce ? { ...quiet, BRIDGE_PORT: env.BRIDGE_PORT || "0", BRIDGE_JUPYTER_PORT: env.BRIDGE_JUPYTER_PORT || "0" } : quiet;
  const tell = teller(print);
  let bridge: RunningBridge | undefined;
  try {
    print(`compute-bridge: scikit-learn's breast cancer rows, to predict "${label}"`);
    const running = await tell.step(
      () => startBridge(settings),
      ({ url, jupyter }) => `bridge at ${url}${jupyter ? `, JupyterLab at port ${jupyter.port}` : ""}`,
    );
    bridge = running;
    await tour(running, env, tell);
    if (isOnce) return 0;
    const addresses = [`API docs    ${running.docsAddress()}`, `JupyterLab  ${running.jupyter?.address()}`];
    print(["", ...addresses, "", `Edit ${notebook} there and save: the next call runs it. Stop with Ctrl-C.`].join("\n"));
    await stopped;
    return 0;
  } catch (error) {
    print(`failed: ${error instanceof Error ? error.message : error}${error instanceof ApiFailed ? `\n  ${error.hint}` : ""}`);
    return 1;
  } finally {
    await bridge?.close();
  }
}

async function tour({ url, token, jupyter }: RunningBridge, env: DemoArguments["env"], tell: Teller): Promise<void> {
  if (!jupyter) throw new Error("The demo needs JupyterLab.\n  Leave BRIDGE_JUPYTER unset.");
  const http = api(url, token);
  const rows = await readRows(modelsPython(env));
  using lab = connectJupyter(`http://127.0.0.1:${jupyter.port}`, jupyter.token);

  const staged = { algorithm, mode: "stage", model_name: algorithm, target_variables: label };
  await tell.step(
    () => http.compute(staged, rows.all),
    ({ run }) => `staged ${run.receipt?.rows.received ?? "?"} rows as "${algorithm}"`,
  );
  const { content } = await tell.step(
    () => lab.open(notebook),
    () => `opened ${notebook} in JupyterLab`,
  );
  await tell.step(
    () => lab.execute(notebook, undefined),
    (ran) => `executed its ${ran} of ${content.cells.length} cells that hold code, on the staged rows in a kernel`,
  );
  await tell.step(
    () => untilLive(http),
    ({ live }) => `it is live as version ${live}`,
  );
  const saved = await tell.step(
    () => saveAndGoLive(http, lab, join(homeFolder(env), "notebooks"), notebook),
    ({ cell, from, to }) => `changed cell ${cell} (default threshold ${from} → ${to}) and saved`,
  );
  tell.more(`live ${saved.msAfterSave} ms after the save, as version ${saved.version}`);

  const fit = await tell.step(
    () => http.compute({ algorithm, method: "fit", model_name: "demo", target_variables: label }, rows.train),
    ({ run }) => `fit on ${run.receipt?.rows.received ?? "?"} rows, model "demo"`,
  );
  tell.more(receiptLine(fit.run));
  const apply = await tell.step(
    () => http.compute({ algorithm, method: "apply", model_name: "demo" }, rows.test),
    ({ run }) => `apply on ${run.receipt?.rows.received ?? "?"} rows it has not seen`,
  );
  tell.more(receiptLine(apply.run));
  if (apply.run.version !== saved.version) throw new Error(`The apply ran version ${apply.run.version}, not the one that was saved.`);

  const { right, rows: count, lines } = judged(rows.test, apply.csv);
  tell.more(`${right} of ${count} right: accuracy ${((100 * right) / count).toFixed(1)} %`);
  for (const line of ["diagnosis    predicted    probability", ...lines]) tell.more(`  ${line}`);
  if (right / count < leastRight) throw new Error(`Less than ${100 * leastRight} % were right.`);
}

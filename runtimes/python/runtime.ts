import { dirname, join } from "node:path";
import type { Home, Runtime, WorkerSpec } from "../runtime.ts";

const WORKER = join(import.meta.dirname, "worker");

/** Of the bridge's own environment, all that workers see: nothing of it is secret. */
const INHERITED = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "SSL_CERT_FILE"] as const;

/**
 * For how long idle threads of OpenBLAS ask for work without sleeping: 2 to the power of this many processor cycles, half a
 * millisecond. By itself it is 2^26: a new worker's threads would take 80 ms of processor time to find that there is nothing to do.
 */
const BLAS_WAIT = "20";

/**
 * Notebooks in Python, run by the same interpreter as their kernels.
 *
 * @param python path of the interpreter
 * @param inherited the bridge's environment; only the names listed above are taken from it
 * @param modelBytes what the models that one worker keeps in memory may take together; undefined: 2 GB
 */
export function pythonRuntime(
  python: string,
  inherited: Readonly<Record<string, string | undefined>>,
  modelBytes: number | undefined,
): Runtime {
  const env: Record<string, string> = { PYTHONUNBUFFERED: "1", PYTHONDONTWRITEBYTECODE: "1", OPENBLAS_THREAD_TIMEOUT: BLAS_WAIT };
  for (const name of INHERITED) if (inherited[name] !== undefined) env[name] = inherited[name];

  const spec = (label: string, home: Home, args: readonly string[]): WorkerSpec => ({
    label,
    command: [python, WORKER, `--home=${home.root}`, ...args],
    spare: { command: [python, WORKER, `--home=${home.root}`, "--spare"], told: args },
    env: {
      ...env,
      COMPUTE_BRIDGE_HOME: home.root,
      ...(modelBytes !== undefined && { COMPUTE_BRIDGE_MODEL_BYTES: String(modelBytes) }),
    },
    folder: home.root,
    // One thread while it forks: OpenMP regions that ran before a fork hang after it.
    warm: { command: [python, WORKER, "--warm"], env: { ...env, OMP_NUM_THREADS: "1", COMPUTE_BRIDGE_CORES: env.OMP_NUM_THREADS ?? "" } },
  });

  return {
    name: "python",
    workerFor: ({ name, version, notebook }, folder, home) => {
      // Joined by "=": a name may begin with a dash.
      const at = notebook === null ? [] : [`--at=${join(home.notebooks, dirname(notebook))}`];
      return spec(`python ${name}@${version}`, home, [`--module=${name}`, `--folder=${folder}`, ...at]);
    },
    plainWorker: (home) => spec("python plain", home, ["--plain"]),
  };
}

import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const code = import.meta.dirname;
const worker = resolve(code, "../../runtimes/python/worker");
const client = resolve(code, "../../client/python");

/** What JupyterLab is told by files. Everything lies below `folder`, is written anew at each start and is the user's alone to read. */
export interface JupyterFiles {
  /** JUPYTER_CONFIG_DIR, JUPYTER_DATA_DIR and JUPYTER_RUNTIME_DIR. */
  readonly config: string;
  readonly data: string;
  readonly runtime: string;
}

/**
 * Writes the configuration of the server and its one kernel. People's settings of Lab (theme, shortcuts), which Lab keeps
 * below `config/lab`, stay.
 *
 * @param python what kernels run: the models' environment, so that what runs in a notebook runs in a worker
 */
export async function writeJupyterFiles(folder: string, home: string, python: string): Promise<JupyterFiles> {
  const files = { config: join(folder, "config"), data: join(folder, "data"), runtime: join(folder, "runtime") };
  const kernel = join(files.data, "kernels", "python3");
  const startup = join(folder, "ipython", "profile_default", "startup");
  const settings = join(folder, "settings");
  await rm(join(files.data, "kernels"), { recursive: true, force: true });
  for (const each of [files.config, files.runtime, kernel, startup, settings]) await mkdir(each, { recursive: true });
  await chmod(folder, 0o700);

  await writeFile(join(files.config, "jupyter_server_config.json"), json(serverConfig(home, settings)), { mode: 0o600 });
  await writeFile(join(settings, "overrides.json"), json({ "@jupyterlab/apputils-extension:notification": { fetchNews: "false" } }));
  await writeFile(join(kernel, "kernel.json"), json(kernelSpec(home, python, join(folder, "ipython"))));
  await writeFile(join(startup, "00-compute-bridge.py"), startupCode(home));
  return files;
}

function serverConfig(home: string, settings: string): object {
  return {
    ServerApp: {
      ip: "127.0.0.1",
      port_retries: 0,
      open_browser: false,
      // In a container without users the bridge may be root: then so is this, on loopback, behind its token.
      allow_root: true,
      root_dir: join(home, "notebooks"),
      allow_remote_access: false,
      allow_unauthenticated_access: false,
      quit_button: false,
      terminals_enabled: true,
    },
    PasswordIdentityProvider: { hashed_password: "", allow_password_change: false },
    FileContentsManager: { pre_save_hook: "save_hook.announce", post_save_hook: "save_hook.tell" },
    KernelSpecManager: { ensure_native_kernel: false, allowed_kernelspecs: ["python3"] },
    LabApp: { app_settings_dir: settings, news_url: null },
  };
}

function kernelSpec(home: string, python: string, ipython: string): object {
  return {
    display_name: "Python 3 (as in production)",
    language: "python",
    // Niced, so that the bridge keeps its latency while a cell computes (nice replaces itself: signals reach Python).
    argv: ["nice", "-n", "10", python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    env: { BRIDGE_HOME: home, PYTHONPATH: home, IPYTHONDIR: ipython },
    metadata: { debugger: true },
  };
}

function startupCode(home: string): string {
  const [file, ...given] = [join(code, "kernel_startup.py"), home, worker, client].map((text) => JSON.stringify(text));
  return `import runpy\n\nrunpy.run_path(${file})["begin"](get_ipython(), ${given.join(", ")})\ndel runpy\n`;
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

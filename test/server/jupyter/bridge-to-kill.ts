import { runningJupyter } from "./running.ts";

// A bridge that has JupyterLab and a kernel, and waits to be killed.
const { jupyter, root, home } = await runningJupyter();
await fetch(`${root}/api/kernels`, { method: "POST", headers: { authorization: `token ${jupyter.token}` }, body: "{}" });
console.log(JSON.stringify({ port: jupyter.port, home }));

import { availableParallelism } from "node:os";
import { type Started, start } from "../../started.ts";

/** Computes for ever, and gives the core to whoever wants it (sched(7), SCHED_IDLE). */
const SPIN = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)); exec('while True: pass')";

/**
 * Keeps all cores from falling asleep until it is disposed. On a virtual machine a core that idles is given back to the host, and
 * whoever is to be woken on it waits until the host has put it on again: this shows how much of a call that is.
 */
export function keepAwake(python: string, folder: string): AsyncDisposable {
  const each = (core: number): Started =>
    start({ command: [python, "-c", SPIN], cwd: folder, env: {}, log: `${folder}/awake-${core}.log` });
  const stack = new AsyncDisposableStack();
  for (let core = 0; core < availableParallelism(); core++) stack.use(each(core));
  return stack;
}

import { spawn } from "node:child_process";
import { SetupFailed, say } from "./say.mjs";

const stillEveryMs = 15_000;

/**
 * Runs a command to its end; what it writes is shown only when it fails. Says every 15 s that it still runs.
 *
 * @param {string} what it does, for people
 * @param {string[]} command
 * @param {{cwd?: string, hint: string, show?: boolean}} options show: its output goes straight to the terminal
 */
export async function run(what, [program, ...args], { cwd, hint, show = false }) {
  const child = spawn(program, args, { cwd, stdio: show ? "inherit" : ["ignore", "pipe", "pipe"] });
  let written = "";
  for (const output of [child.stdout, child.stderr]) {
    output?.on("data", (bytes) => {
      written = (written + bytes).slice(-20_000);
    });
  }
  const still = setInterval(() => say(`  … ${what}`), stillEveryMs);
  const end = await new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  clearInterval(still);
  if (end === undefined) return;
  if (written) process.stderr.write(`${written.trimEnd()}\n`);
  throw new SetupFailed(`${what}: ${[program, ...args].join(" ")} ended with ${end}.`, hint);
}

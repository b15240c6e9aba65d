import { Command } from "commander";
import { asksBridge, type Connection } from "../connection.ts";
import { checkBridge } from "../doctor/bridge.ts";
import type { Finding } from "../doctor/finding.ts";
import { checkHome } from "../doctor/home.ts";
import { checkMachine } from "../doctor/machine.ts";
import { print } from "../print.ts";

const marks = { ok: "ok     ", warning: "warning", error: "error  " } as const;

/** `bridge doctor`: what works here, what does not, and what to do. Exit code 1 when something is an error. */
export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("look at this machine, the home and a running bridge, and say what to mend")
    .addHelpText("after", "\nIt changes nothing, and needs no running bridge.\n\nExample:\n  bridge doctor");
  return asksBridge(command).action(async (options: Connection) => {
    const env = process.env;
    const found = (await Promise.all([checkMachine(env), checkHome(env), checkBridge(options, env)])).flat();
    print(options.json ? JSON.stringify(found, null, 2) : found.map(line).join("\n"));
    if (found.some(({ state }) => state === "error")) process.exitCode = 1;
  });
}

function line({ state, what, todo }: Finding): string {
  return `${marks[state]}  ${what}${todo ? `\n         ${todo}` : ""}`;
}

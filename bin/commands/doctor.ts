import { Command } from "commander";
import { asksBridge, type Connection } from "../connection.ts";
import { checkBridge } from "../doctor/bridge.ts";
import type { Finding } from "../doctor/finding.ts";
import { checkHome } from "../doctor/home.ts";
import { checkMachine } from "../doctor/machine.ts";
import { checkStore } from "../doctor/store.ts";
import { escaped, jsonText } from "../escapes.ts";
import { print } from "../print.ts";

const marks = { ok: "ok     ", warning: "warning", error: "error  " } as const;

/** `bridge doctor`: what works here, what does not, and what to do. Exit code 1 when something is an error. */
export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("look at this machine, the home and a running bridge, and say what to mend")
    .addHelpText(
      "after",
      "\nEach line is ok, a warning (calls can be answered all the same) or an error, with what to do. It changes nothing.\nExit code 1: something is an error, a bridge that does not answer among them.\n\nExample:\n  bridge doctor",
    );
  return asksBridge(command).action(async (options: Connection) => {
    const env = process.env;
    const found = (await Promise.all([checkMachine(env), checkHome(env), checkStore(env), checkBridge(options, env)])).flat();
    print(options.json ? jsonText(found) : found.map(line).join("\n"));
    if (found.some(({ state }) => state === "error")) process.exitCode = 1;
  });
}

function line({ state, what, todo }: Finding): string {
  return escaped(`${marks[state]}  ${what}${todo ? `\n         ${todo}` : ""}`);
}

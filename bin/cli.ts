import { Command } from "commander";
import { BridgeError } from "#contract/errors.ts";
import { exportCommand } from "../notebook-exporter/cli.ts";
import { ApiFailed } from "./api.ts";
import { algorithmsCommand } from "./commands/algorithms.ts";
import { computeCommand } from "./commands/compute.ts";
import { datasetsCommand } from "./commands/datasets.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { modelsCommand } from "./commands/models.ts";
import { runsCommand } from "./commands/runs.ts";
import { tokensCommand } from "./commands/tokens.ts";
import { versionsCommand } from "./commands/versions.ts";
import { homeFolder, modelsPython } from "./places.ts";
import { startBridge, stopSignal } from "./running-bridge.ts";
import { readToken } from "./token.ts";

// @jupyterlab/services tells each WebSocket and each missing file there; the bridge itself logs elsewhere.
console.debug = () => {};

// bin/bridge.mjs was killed, so nobody could pass its signals on any more.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();

// A full disk, say. Whoever closed the pipe has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  console.error(`What was asked for could not be written: ${error.message}.`);
  process.exitCode = 1;
});

const WRONG_USAGE = 2;
const program = new Command("bridge")
  .description("Runs notebook code on search results.")
  .showHelpAfterError("(--help says more)")
  .addHelpText("after", "\nFirst steps: bridge start, then in another terminal bridge algorithms, and bridge compute --help.")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE));

program
  .command("start")
  .description("start the bridge and JupyterLab, until Ctrl-C")
  .action(async () => {
    const stopped = stopSignal();
    const bridge = await startBridge(process.env);
    const lines = [`bridge      ${bridge.url}`, `API docs    ${bridge.docsAddress()}`];
    if (bridge.jupyter) lines.push(`JupyterLab  ${bridge.jupyter.address()}`);
    console.log([...lines, "token       node bin/bridge.mjs token prints it", "Stop with Ctrl-C."].join("\n"));
    await stopped;
    await bridge.close();
  });

program
  .command("token")
  .description("print the token that calls need")
  .option("--dltk", "print the address for DLTK's clients instead, which carries a token of its own; made at first use")
  .action(async ({ dltk }: { dltk?: true }) => {
    const home = homeFolder(process.env);
    console.log(dltk ? await (await import("./dltk-token.ts")).dltkAddress(home, process.env) : await readToken(home));
  });

program
  .command("demo")
  .description("show the main job on a real data set: stage, edit, save, fit, apply")
  .option("--once", "end afterwards: exit code 0 when all steps passed, else 1")
  .action(async ({ once }: { once?: true }) => {
    const { demo } = await import("../demo/demo.ts");
    process.exitCode = await demo({ env: process.env, isOnce: once === true, print: (line) => console.log(line) });
  });

program.addCommand(
  exportCommand(
    () => modelsPython(process.env),
    (line) => console.log(line),
    (code) => {
      process.exitCode = code;
    },
  ),
);

for (const command of [
  algorithmsCommand(),
  versionsCommand(),
  modelsCommand(),
  datasetsCommand(),
  runsCommand(),
  computeCommand(),
  tokensCommand(),
  doctorCommand(),
]) {
  program.addCommand(inheriting(command));
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof ApiFailed) console.error([error.message, error.hint && `  ${error.hint}`].filter(Boolean).join("\n"));
  else if (error instanceof BridgeError) console.error(`${error.message}\n  ${error.hint}`);
  else if (error instanceof Error && error.name === "BadConfig") console.error(error.message);
  else if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
    console.error(
      `The bridge cannot listen: ${error.message}.\n  Stop what listens there, or choose another port with BRIDGE_PORT (0: any free one).`,
    );
  else throw error;
  process.exitCode = 1;
}

/** A command that is added whole takes nothing over from the program: how it ends on wrong usage is said again. */
function inheriting(command: Command): Command {
  for (const each of [command, ...command.commands]) each.copyInheritedSettings(program);
  return command;
}

import { flushCompileCache } from "node:module";
import { Command } from "commander";
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
import { escaped } from "./escapes.ts";
import { failureText } from "./failure.ts";
import { homeFolder, modelsPython } from "./places.ts";
import { onUnwritten, print } from "./print.ts";
import { startBridge, stopSignal } from "./running-bridge.ts";
import { readToken } from "./token.ts";
import { beStrict, commandMeant, release, showHelp } from "./usage.ts";

// @jupyterlab/services tells each WebSocket and each missing file there; the bridge itself logs elsewhere.
console.debug = () => {};

// bin/bridge.mjs was killed, so nobody could pass its signals on any more.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();

process.stdout.on("error", onUnwritten);

const program = new Command("bridge")
  .description("Runs notebook code on search results.")
  .version(release(), "-V, --version", "print the release")
  .helpCommand(false)
  .addHelpText(
    "after",
    "\nFirst steps: bridge start, then in another terminal bridge algorithms, and bridge compute --help.\nWhen something does not work: bridge doctor.",
  );

program
  .command("start")
  .description("start the bridge and JupyterLab, until Ctrl-C")
  .action(async () => {
    const stopped = stopSignal();
    const bridge = await startBridge(process.env);
    flushCompileCache(); // at its end it may be killed
    const lines = [`bridge      ${bridge.url}`, `API docs    ${bridge.docsAddress()}`];
    if (bridge.jupyter) lines.push(`JupyterLab  ${bridge.jupyter.address()}`);
    if (bridge.authority) lines.push(`authority   ${bridge.authority}: clients trust this certificate`);
    print([...lines, "token       node bin/bridge.mjs token prints it", "Stop with Ctrl-C."].join("\n"));
    await stopped;
    await bridge.close();
  });

program
  .command("compile", { hidden: true })
  .description("compile the server's code, as the set-up does: a start that has to takes a second and 25 MB more")
  .action(async () => {
    await import("../server/main.ts");
    flushCompileCache();
    process.exit();
  });

program
  .command("token")
  .description("print the token that calls need")
  .option("--dltk", "print the address for DLTK's clients instead, which carries a token of its own; made at first use")
  .action(async ({ dltk }: { dltk?: true }) => {
    const home = homeFolder(process.env);
    print(dltk ? await (await import("./dltk-token.ts")).dltkAddress(home, process.env) : await readToken(home));
  });

program
  .command("demo")
  .description("show the main job on a real data set: stage, edit, save, fit, apply")
  .option("--once", "end afterwards: exit code 0 when all steps passed, else 1")
  .action(async ({ once }: { once?: true }) => {
    const { demo } = await import("../demo/demo.ts");
    process.exitCode = await demo({ env: process.env, isOnce: once === true, print });
  });

program.addCommand(
  exportCommand(
    () => modelsPython(process.env),
    (line) => print(escaped(line)),
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
  program.addCommand(command);
}

program
  .command("help")
  .description("say more about a command")
  .argument("[command...]", "such as compute, or models delete")
  .action((words: string[]) => showHelp(program, words));

const begun = beStrict(program);

try {
  await program.parseAsync();
} catch (error) {
  const isUnknown = error instanceof ApiFailed && error.status === 404;
  console.error(escaped(failureText(error) + (isUnknown ? commandMeant(begun()) : "")));
  process.exitCode = 1;
}

#!/usr/bin/env node
// The command line under any Node from 20 on: goes on in the pinned Node, which runs TypeScript as it is.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = join(dirname(fileURLToPath(import.meta.url)), "cli.ts");
const here = process.versions.node;
const pinned = pinnedNode();

if (pinned ? pinned.version === here : Number(here.split(".")[0]) >= 24) {
  await import(cli);
} else if (pinned) {
  goOnIn(join(pinned.folder, "bin", "node"));
} else {
  console.error(`This is Node ${here}, and the bridge's own is not installed.\n  Run node bin/setup.mjs once, then this again.`);
  process.exitCode = 1;
}

function pinnedNode() {
  try {
    const require = createRequire(import.meta.url);
    const file = require.resolve("node/package.json");
    return { version: require(file).version, folder: dirname(file) };
  } catch {
    return undefined;
  }
}

/** The channel tells the other process when this one is killed (cli.ts). */
function goOnIn(node) {
  const child = spawn(node, [cli, ...process.argv.slice(2)], { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // A terminal's Ctrl-C reached both already; twice would mean "at once".
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`${node} could not be started: ${error.message}\n  Run node bin/setup.mjs once, then this again.`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    for (const each of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(each);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}

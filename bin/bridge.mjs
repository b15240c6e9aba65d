#!/usr/bin/env node
// The command line under any Node from 20 on: goes on in the pinned Node, which runs TypeScript as it is.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

// Where this file lies, not the link on the PATH that led here.
const folder = dirname(fileURLToPath(import.meta.url));
const root = resolve(folder, "..");
const cli = join(folder, "cli.ts");
const here = process.versions.node;
const pinned = pinnedNode();
const setUp = `Run node ${join(folder, "setup.mjs")} once, then this again.`;

if (folder.split(sep).includes("node_modules")) {
  stop(
    `${root} is a copy, and Node runs no TypeScript under node_modules.`,
    "Link to the checkout instead: npm install -g . in its folder.",
  );
} else if (pinned ? pinned.version === here : Number(here.split(".")[0]) >= 24 && isInstalled("commander")) {
  await import(cli);
} else if (pinned) {
  goOnIn(join(pinned.folder, "bin", "node"));
} else {
  stop(`This is Node ${here}, and what the bridge needs is not installed in ${root}.`, setUp);
}

function stop(what, todo) {
  console.error(`${what}\n  ${todo}`);
  process.exitCode = 1;
}

function isInstalled(name) {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
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
    stop(`${node} could not be started: ${error.message}`, setUp);
  });
  child.on("exit", (code, signal) => {
    for (const each of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(each);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}

#!/usr/bin/env node
// The command line under any Node from 20 on: goes on in the pinned Node, which runs TypeScript as it is.
import { spawn } from "node:child_process";
import * as modules from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

// Where this file lies, not the link on the PATH that led here.
const folder = dirname(fileURLToPath(import.meta.url));
const root = resolve(folder, "..");
const cli = join(folder, "cli.ts");
/** Compiled code of the last run: without it a start strips types and compiles anew, for a second and 25 MB. Where it cannot be written, as in the image, none is kept. */
const compiled = join(root, "node_modules", ".cache", "compiled");
/**
 * The engine's settings for a server; most hold from its start on only. A small space for young objects is 15 MB less while idle;
 * half of it would be 8 MB less again, and some 8 % fewer calls, of which each makes 50 kB of them. It is collected by one thread, since to wake others for so little takes longer, and cores from workers: 10 % more calls with 32 connections.
 * Functions optimized ten times sooner make the first thousand calls dearer, and those after it some 10 % cheaper at once.
 */
const serverFlags = [
  "--max-semi-space-size=8",
  "--no-parallel-scavenge",
  "--invocation-count-for-maglev=30",
  "--invocation-count-for-turbofan=300",
];
const flags = ["start", "demo", "compile"].includes(process.argv[2]) ? serverFlags : [];
/**
 * Threads that wait for disks. Of the engine's own four, a version that is written would take all with its eight files and folders,
 * which are synced together, and whoever reads a file meanwhile would wait for the disk.
 */
const threads = { UV_THREADPOOL_SIZE: "10" };
const here = process.versions.node;
const pinned = pinnedNode();
const setUp = `Run node ${join(folder, "setup.mjs")} once, then this again.`;

if (folder.split(sep).includes("node_modules")) {
  stop(
    `${root} is a copy, and Node runs no TypeScript under node_modules.`,
    "Link to the checkout instead: npm install -g . in its folder.",
  );
} else if (pinned ? pinned.version === here : Number(here.split(".")[0]) >= 24 && isInstalled("commander")) {
  if (process.channel === undefined && !flags.every((each) => process.execArgv.includes(each))) beAgainWith(flags);
  modules.enableCompileCache?.(compiled);
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
    modules.createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

function pinnedNode() {
  try {
    const require = modules.createRequire(import.meta.url);
    const file = require.resolve("node/package.json");
    return { version: require(file).version, folder: dirname(file) };
  } catch {
    return undefined;
  }
}

/** This same process, with settings that an engine takes at its start; it goes on without them where a process cannot do that. A parent's channel would be lost. */
function beAgainWith(more) {
  const args = [process.execPath, ...process.execArgv.filter((each) => !more.includes(each)), ...more, ...process.argv.slice(1)];
  // Node 24 has it; on Windows it throws.
  if (process.platform !== "win32") process.execve?.(process.execPath, args, { ...threads, ...process.env });
}

/** The channel tells the other process when this one is killed (cli.ts). */
function goOnIn(node) {
  const child = spawn(node, [...flags, cli, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { NODE_COMPILE_CACHE: compiled, ...threads, ...process.env },
  });
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

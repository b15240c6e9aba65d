import { fstatSync } from "node:fs";
import { ApiFailed } from "./api.ts";

type Input = NodeJS.ReadStream;

/** Whether it is a folder: `bridge compute x < data`. */
export function isFolder(fd: number): boolean {
  return fstatSync(fd).isDirectory();
}

/** Whether it ended with nothing in it. */
export function wasEmpty(input: Input): boolean {
  return input.readableEnded && input.bytesRead === 0;
}

/** Calls back when the system cannot go on reading; that the reading was ended here is no such case. */
export function onUnreadable(input: Input, failed: (error: ApiFailed) => void): void {
  input.on("error", (error: NodeJS.ErrnoException) => {
    if (error.syscall !== "read") return;
    failed(new ApiFailed(`The rows cannot be read: ${error.message}.`, "Look at the file or the program that they come from."));
  });
}

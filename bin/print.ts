import { fstatSync, writeSync } from "node:fs";
import { failureText, Unwritten } from "./failure.ts";

/** One line, or several, for standard output. @throws Unwritten */
export function print(text: string): void {
  if (isFile()) writeWhole(Buffer.from(`${text}\n`));
  else console.log(text);
}

/** Whether standard output is a file: nobody reads it at the same time, and it may be on a disk that fills. */
export function isFile(): boolean {
  return fstatSync(process.stdout.fd).isFile();
}

/**
 * Node's own stream writes once, and drops what a filling disk did not take of that.
 *
 * @param wrote is told how many bytes went out, each time
 * @throws Unwritten
 */
export function writeWhole(bytes: Buffer, wrote: (count: number) => void = () => {}): void {
  try {
    for (let at = 0; at < bytes.length; ) {
      const count = writeSync(process.stdout.fd, bytes, at);
      wrote(count);
      at += count;
    }
  } catch (error) {
    throw new Unwritten(error);
  }
}

/** Whoever closed the pipe has seen enough; all else is told. */
export function onUnwritten(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") return;
  console.error(failureText(new Unwritten(error)));
  process.exitCode = 1;
}

import { closeSync, constants, openSync, readSync, rmSync, writeSync } from "node:fs";
import type { Permits } from "../environment.ts";

const permit = Buffer.from("+");

/** Permits as bytes in a named pipe that the worker made: who reads a byte has that permit, and nobody else can. */
export class PipePermits implements Permits {
  #pipe: number | undefined;

  private constructor(pipe: number) {
    this.#pipe = pipe;
  }

  /** Opens the pipe, which then needs no name any more. Undefined when there is none. */
  static open(path: string): PipePermits | undefined {
    try {
      // To write as well: without a writer the worker would see an end instead of nothing.
      return new PipePermits(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    } catch {
      return undefined;
    } finally {
      rmSync(path, { force: true });
    }
  }

  give(): void {
    if (this.#pipe !== undefined) writeSync(this.#pipe, permit);
  }

  takeBack(most: number): number {
    if (this.#pipe === undefined) return 0;
    try {
      return readSync(this.#pipe, Buffer.alloc(most));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#pipe !== undefined) closeSync(this.#pipe);
    this.#pipe = undefined;
  }
}

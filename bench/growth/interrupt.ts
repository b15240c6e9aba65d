import { readFile } from "node:fs/promises";

/**
 * From now on an interrupt ends the processes that this one started. What is being measured then fails, and all that it
 * made is removed on the way out, as after any other failure.
 */
export function endOnInterrupt(): void {
  process.once("SIGINT", async () => {
    const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").catch(() => "");
    for (const pid of children.split(" ").filter(Boolean)) {
      try {
        process.kill(Number(pid), "SIGTERM");
      } catch {
        // ended already
      }
    }
  });
}

import { readFile, writeFile } from "node:fs/promises";
import { Connection } from "./connection.ts";
import type { Calls, LargeJob } from "./job.ts";
import { Repeated } from "./repeated.ts";
import { checkOf, Tally } from "./right.ts";

/**
 * Does one large call. Files are read before it, and what is no CSV is looked at after it: neither is in its time. CSV is
 * compared as it comes and not kept, so that its size does not matter.
 */
export async function large({ target, path, body, results, times, keep }: Omit<LargeJob, "kind">): Promise<Calls> {
  using connection = new Connection(target.url);
  const sent = new Repeated(await readFile(body), times);
  const tally = new Tally();
  if (target.form === "csv" && keep === null) {
    const right = new Repeated(await readFile(results), times).compare();
    const answered = await connection.stream(path, target.headers, { bytes: sent.bytes, pieces: sent.pieces() }, right.push);
    tally.add(answered, answered.status === 200 && right.isWhole());
    return tally.calls();
  }
  const answered = await connection.stream(path, target.headers, { bytes: sent.bytes, pieces: sent.pieces() });
  if (keep !== null) await writeFile(keep, answered.body);
  tally.add(answered, keep === null ? checkOf(target.form, await readFile(results, "utf8"))(answered) : answered.status === 200);
  return tally.calls();
}

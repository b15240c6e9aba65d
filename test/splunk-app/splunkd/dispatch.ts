import { randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** States of a search as its status.csv has them. */
export type SearchState = "PARSING" | "RUNNING" | "FINALIZING" | "DONE";

const header =
  "state,user,start,run_time,disk_usage,count,scan_count,drop_count,available_count,cursor,keywords,done,finalized,status_buckets,can_summarize,max_time,max_count,reduce_freq,remote_timeline,sample_ratio,sample_seed,resultcount,result_preview_count,preview_enabled,num_previews,search,error,streaming";

/** Makes the folder of a search, with what a command may find in it. */
export async function makeDispatch(root: string, sid: string, user: string): Promise<string> {
  const folder = join(root, "var/run/splunk/dispatch", sid);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "info.csv"), `"_sid","_timestamp","now"\n"${sid}","1767225600","1767225600"\n`);
  await writeFile(join(folder, "args.txt"), `--id=${sid}\n--user=${user}\n`);
  await writeStatus(folder, "RUNNING", user);
  return folder;
}

/** Says in status.csv how far a search is, by rename as splunkd does. */
export async function writeStatus(folder: string, state: SearchState, user: string): Promise<void> {
  const known: Record<string, string> = {
    state,
    user,
    start: "1767225600",
    run_time: "0.812",
    finalized: state === "FINALIZING" ? "1" : "0",
  };
  const cells = header.split(",").map((name) => known[name] ?? "0");
  const temporary = join(folder, `status.csv.${randomUUID()}`); // a preview may be told of at the same time
  await writeFile(temporary, `${header}\n${cells.join(",")}\n`);
  await rename(temporary, join(folder, "status.csv"));
}

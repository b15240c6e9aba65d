import { beside } from "./beside.ts";
import type { Job } from "./job.ts";
import { large } from "./large.ts";
import { small } from "./small.ts";

// The load generator's process: one job a message, one result or error back.
process.on("message", (job: Job) => {
  run(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});

async function run(job: Job) {
  switch (job.kind) {
    case "small":
      return small(job);
    case "large":
      return large(job);
    case "beside":
      return beside(job);
  }
}

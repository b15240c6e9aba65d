import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import type { Call } from "#contract/call.ts";
import { Search } from "#contract/run.ts";

const text = z.string();
/** Options of a call, in the query. */
export const CallOptions = z
  .looseObject({
    algorithm: text.optional().describe("Name or title of the algorithm; not needed with mode=stage"),
    method: text.optional().describe("A method that the algorithm declares: fit, apply, summary, …"),
    mode: text.optional().describe("stage: keep the rows for the notebook and run nothing"),
    model_name: text.optional().describe("The model to fit or apply, or the dataset to stage; default: default"),
    model_version: text.optional().describe("Number or alias of the model's version to apply; default: latest"),
    environment: text.optional(),
    fields: text.optional().describe("Columns to keep, in this order, separated by commas"),
    append: text
      .optional()
      .describe("true: each input row comes back with all its fields and the result's; default: the notebook's, else false"),
    feature_variables: text.optional().describe("Separated by commas"),
    target_variables: text.optional().describe("Separated by commas"),
  })
  .describe("Any other key=value goes to the functions, in param['options']['params']");

/** What the sender of a call says about it, beside its options. */
export const CallHeaders = z.looseObject({
  "compute-rows": z.coerce.number().int().min(0).optional().describe("How many rows are sent; the receipt says if others were received"),
  "compute-timeout": z.coerce.number().positive().optional().describe("Seconds that the call may take"),
  "compute-search": Search.shape.id.optional().describe("The id of the search in Splunk that the call is part of"),
  "compute-app": z.string().max(255).optional().describe("The app in Splunk that the search runs in"),
  "compute-scheduled": z.enum(["true", "false"]).optional().describe("Whether that search was started by a schedule"),
});

/** The parts of a call that its headers say. @param headers that went through `CallHeaders` */
export function saidOf(headers: IncomingHttpHeaders & z.infer<typeof CallHeaders>): Pick<Call, "timeout" | "rowsSent" | "search"> {
  const { "compute-search": id, "compute-app": app, "compute-scheduled": scheduled } = headers;
  return {
    timeout: headers["compute-timeout"] ?? null,
    rowsSent: headers["compute-rows"] ?? null,
    search: id === undefined ? null : { id, app: app ?? null, isScheduled: scheduled === "true" },
  };
}

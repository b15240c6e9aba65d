import { z } from "zod";
import { DatasetVersion } from "#contract/dataset.ts";
import { FRAMES_TYPE } from "#contract/frames.ts";
import { Receipt } from "#contract/run.ts";
import { ARROW_TYPE } from "./answers.ts";

// What OpenAPI says of bodies that are streams or JSON texts, and that no schema checks on their way.

const run = { description: "The run's id: GET /v1/runs/{id}", schema: { type: "string" } };
const rows = {
  "text/csv": { schema: { type: "string" }, example: "a,b\n1,x\n2,y\n" },
  [ARROW_TYPE]: { schema: {} },
  [FRAMES_TYPE]: { schema: {} },
};
const result = { ...rows, "text/csv": { schema: { type: "string" }, example: "a,b,predicted\n1,x,0.5\n2,y,0.7\n" } };

/** `POST /v1/compute`: fit, apply, summary and other methods answer rows, a staging answers JSON. */
export const computeTold = {
  requestBody: {
    description: "The rows, with a header line if CSV. A summary needs none.",
    required: false,
    content: rows,
  },
  responses: {
    200: {
      description: "The result's rows, in the form that Accept names; of a staging what was staged",
      headers: {
        "Compute-Run": run,
        "Compute-Receipt": {
          description: "What was done, as JSON; with answers in chunks it is in the run alone",
          schema: { type: "string" },
        },
        "Idempotent-Replayed": { description: "true: the answer to an earlier call with this key", schema: { type: "string" } },
      },
      content: {
        ...result,
        "application/json": { schema: json(z.object({ status: z.literal("staged"), dataset: DatasetVersion, receipt: Receipt })) },
      },
    },
  },
} as const;

/** DSDL's `/fit` and `/apply`. */
export const dsdlTold = {
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: json(z.object({ data: z.string().describe("The rows as CSV"), meta: z.looseObject({ options: z.looseObject({}) }) })),
        example: {
          data: "a,b\n1,x\n2,y\n",
          meta: { options: { model_name: "default", params: { algo: "iris" } }, feature_variables: ["a", "b"] },
        },
      },
    },
  },
  responses: {
    200: {
      description: "Also when the call failed: status then is error",
      headers: { "Compute-Run": run },
      content: {
        "application/json": {
          schema: json(
            z.object({
              status: z.enum(["success", "staged", "error"]),
              message: z.string(),
              results: z.string().optional().describe("The result's rows as CSV"),
            }),
          ),
          example: { status: "success", message: "/apply done successfully", results: "predicted\n0.5\n0.7\n" },
        },
      },
    },
  },
} as const;

/** DSDL's `/summary` and `/`. */
export const dsdlSummaryTold = {
  responses: {
    200: {
      description: "A JSON text that holds JSON: app, version, model, token and model_summary",
      content: {
        "application/json": {
          schema: { type: "string" },
          example: '{"app":"compute-bridge","version":"1.0.0","model":"iris","token":"valid","model_summary":{"version":"1.0"}}',
        },
      },
    },
  },
} as const;

function json(schema: z.ZodType): object {
  const { $schema: _, ...told } = z.toJSONSchema(schema);
  return told;
}

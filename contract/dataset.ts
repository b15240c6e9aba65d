import { z } from "zod";
import { Signature } from "./manifest.ts";
import { RunId } from "./names.ts";

/** Staged rows, with the call they came with. A new staging under a name is a new version; the files of today show the newest. */
export const DatasetVersion = z.object({
  project: z.string(),
  name: z.string(),
  version: z.int().min(1),
  rows: z.int().min(0),
  columns: Signature.nullable(),
  /** Of the CSV file, in bytes. */
  bytes: z.int().min(0),
  run: RunId,
  /** Paths relative to BRIDGE_HOME: what notebooks read, and this version's own folder. */
  csv: z.string(),
  folder: z.string(),
  createdAt: z.iso.datetime(),
});
export type DatasetVersion = z.infer<typeof DatasetVersion>;

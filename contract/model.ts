import { z } from "zod";
import { Signature } from "./manifest.ts";
import { AlgorithmName, RunId, VersionId } from "./names.ts";

/** What one successful fit left behind. Immutable; aliases of a model's name point to versions. */
export const ModelVersion = z.object({
  project: z.string(),
  algorithm: AlgorithmName,
  name: z.string(),
  /** 1, 2, 3 … per algorithm and name. */
  version: z.int().min(1),
  /** Aliases that point here, `latest` among them. */
  aliases: z.array(z.string()),
  /** The version of the algorithm that fitted it. */
  fittedBy: VersionId,
  run: RunId,
  /** The columns that the fit saw. */
  signature: Signature.nullable(),
  /** Where its files lie, relative to BRIDGE_HOME. */
  folder: z.string(),
  createdAt: z.iso.datetime(),
});
export type ModelVersion = z.infer<typeof ModelVersion>;

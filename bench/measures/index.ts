import { calls } from "./calls.ts";
import { large, memories } from "./large.ts";
import { living } from "./living.ts";
import type { Measure } from "./measure.ts";
import { waiting } from "./waiting.ts";

/** All, in the order in which they are measured. */
export const measures: readonly Measure[] = [...memories, ...calls, ...large, ...waiting, ...living];

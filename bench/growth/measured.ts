import type { Generator } from "../load/generator.ts";
import type { Curve } from "./curve.ts";
import type { Form } from "./form.ts";

export interface CurveParts {
  readonly form: Form;
  /** An empty folder of its own. */
  readonly folder: string;
  readonly generator: Generator;
  readonly say: (text: string) => void;
}

/** Measures a curve with bridges of its own. */
export type Measure = (parts: CurveParts) => Promise<Curve>;

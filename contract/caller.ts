import { z } from "zod";

/** A day: a search that takes longer asks for another. */
const MOST_SECONDS = 86_400;

/** What a user's token may be for: the usual methods, staging, and `call` for methods of any other name. */
export const Verb = z.enum(["stage", "fit", "apply", "summary", "call"]);
export type Verb = z.infer<typeof Verb>;

const verbs: ReadonlySet<string> = new Set(Verb.options);
const isVerb = (method: string): method is Verb => verbs.has(method);

/** The verb of a call's method. */
export function verbOf(method: string): Verb {
  return isVerb(method) ? method : "call";
}

/** Who asks: a token's name and, with a user's token, what alone it may do. */
export interface Caller {
  readonly name: string;
  /** Null: everything. */
  readonly verbs: ReadonlySet<Verb> | null;
}

/** What a user's token is for. */
export const UserToken = z.strictObject({
  user: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^\u0000-\u001f\u007f]+$/, "a user's name has no control characters")
    .describe("Who asks; runs show it as their caller, after the name of the token that vouches for it"),
  verbs: z.array(Verb).min(1).describe("What the token may do; call stands for methods of other names"),
  seconds: z.number().int().min(1).max(MOST_SECONDS).describe("How long it is good for"),
});
export type UserToken = z.infer<typeof UserToken>;

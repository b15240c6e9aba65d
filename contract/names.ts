import { z } from "zod";

/**
 * The name of an algorithm: the notebook's file name less its ending. People have spaces, dots and
 * capitals in them; only what could leave the folder or hide in it is refused. Compared ignoring case.
 */
export const AlgorithmName = z
  .string()
  .min(1)
  .max(128)
  // Control characters are spelled out: OpenAPI tells the pattern to languages that have no \p{Cc}.
  .regex(/^(?!\.)[^/\\\u0000-\u001f\u007f-\u009f]+$/u, "a name has no slash, no control character and no leading dot");
export type AlgorithmName = z.infer<typeof AlgorithmName>;

const isAscii = /^[\u0000-\u007f]*$/;

/** Two names that differ in case alone are one algorithm: this is what is compared. */
export function nameKey(name: string): string {
  if (isAscii.test(name)) return name.toLowerCase();
  // Normalized again: letters that exist composed in lower case alone compose only now.
  return name.normalize("NFC").toLowerCase().normalize("NFC");
}

/** Names that become part of a file's name: models and datasets (`into app:name` in a search gives a colon). Never a path. */
export const FileSafeName = z
  .string()
  .regex(
    /^[\p{L}\p{N}_][\p{L}\p{N}_.: -]{0,127}$/u,
    "a name begins with a letter, digit or _ and goes on with those, dots, colons, dashes and spaces",
  )
  .refine((name) => !name.includes("..") && !/[. ]$/.test(name), "a name has no two dots in a row and does not end with a dot or a space");
export type FileSafeName = z.infer<typeof FileSafeName>;

/** How a version of a model is named: its number, or an alias such as `latest`. */
export const ModelVersionName = z
  .string()
  .regex(/^(?:[1-9]\d{0,8}|[A-Za-z][\w-]{0,63})$/, "a version is a number from 1, or an alias such as latest");
export type ModelVersionName = z.infer<typeof ModelVersionName>;

/** A version of an algorithm: the first 16 hex digits of the SHA-256 of all that changes its behaviour. */
export const VersionId = z.string().regex(/^[0-9a-f]{16}$/);
export type VersionId = z.infer<typeof VersionId>;

/** A run's id: time-ordered, unguessable. */
export const RunId = z.string().regex(/^[0-9a-z-]{8,64}$/);
export type RunId = z.infer<typeof RunId>;

/** The project that everything belongs to until there are more. */
export const DEFAULT_PROJECT = "default";
/** What a call's `model_name` is when it names none (DSDL contract, section 2). */
export const DEFAULT_MODEL = "default";

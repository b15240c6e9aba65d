import { createHash } from "node:crypto";

/** JSON with sorted keys: editors write them in different orders. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    each && typeof each === "object" && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** SHA-256, in hex, of plain JSON data whatever the order of its keys. */
export function hashOf(value: unknown): string {
  return createHash("sha256")
    .update(canonical(value) ?? "")
    .digest("hex");
}

import { createHash } from "node:crypto";

/** JSON with sorted keys: editors write them in different orders. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (!each || typeof each !== "object" || Array.isArray(each)) return each;
    if (each instanceof Uint8Array) return { sha256: createHash("sha256").update(each).digest("hex") };
    return Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** SHA-256, in hex, of plain JSON data and bytes (no Buffers: they turn themselves into JSON), whatever the order of its keys. */
export function hashOf(value: unknown): string {
  return createHash("sha256")
    .update(canonical(value) ?? "")
    .digest("hex");
}

import { z } from "zod";

const MOST = 1000;

/** The query parameter `limit` of every list. */
export function limit(otherwise: number) {
  return z.coerce.number().int().min(1).max(MOST).default(otherwise).describe("How many at most");
}

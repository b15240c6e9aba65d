import pg from "pg";
import { StoreAway } from "#contract/errors.ts";

/** SQLSTATEs and their classes that say nothing about the statement: it may go well a moment later. */
const passing = /^(08|57P|53|57014|25P03|55P03)/;

/**
 * What the driver threw, as the bridge tells it: StoreAway when the database is not there, does not let us in, or was stopped
 * meanwhile; anything else stays what it is.
 */
export function toStoreAway(error: unknown, where: string, when: "connecting" | "asking"): unknown {
  const isStatement = error instanceof pg.DatabaseError && !passing.test(error.code ?? "");
  if (isStatement && when === "asking") return error;
  return new StoreAway(where, reasonOf(error), error);
}

function reasonOf(error: unknown): string {
  // A name with several addresses: what each of them said.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}

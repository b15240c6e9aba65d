import type { Tx } from "./database.ts";

/**
 * The highest number ever given under a name whose rows were deleted; 0 when none was. Files, caches and records name a
 * thing by its number, so that a number is never given twice.
 */
export async function highestDeleted(tx: Tx, name: string): Promise<number> {
  const row = await tx.selectFrom("counters").select("value").where("name", "=", name).executeTakeFirst();
  return row?.value ?? 0;
}

/** Remembers that `value` was given under that name. */
export async function keepHighest(tx: Tx, name: string, value: number): Promise<void> {
  if (value <= (await highestDeleted(tx, name))) return;
  await tx
    .insertInto("counters")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}

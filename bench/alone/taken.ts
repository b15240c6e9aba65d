import type { Turn } from "../turns/turn.ts";

/** What is measured without a server: one turn of each way. */
export type Taken = Readonly<Record<string, Turn>>;

import { z } from "zod";

export const EventKind = z.enum([
  "algorithm.changed",
  "algorithm.failing",
  "algorithm.missing",
  "algorithm.deleted",
  "version.exported",
  "version.live",
  "version.deleted",
  "dataset.staged",
  "dataset.deleted",
  "model.fitted",
  "model.deleted",
  "run.started",
  "run.finished",
]);
export type EventKind = z.infer<typeof EventKind>;

/** A numbered fact: something changed. Made by the store alone, in the transaction of the write. */
export const Event = z.object({
  number: z.int().min(1),
  kind: EventKind,
  /** The name or id of what changed. */
  subject: z.string(),
  at: z.iso.datetime(),
  /** A few facts more, by kind (docs/reference of events). */
  data: z.record(z.string(), z.json()),
});
export type Event = z.infer<typeof Event>;

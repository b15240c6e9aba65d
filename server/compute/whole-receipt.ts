import type { OpenRun, PartOutcome } from "#contract/part.ts";
import type { Receipt } from "#contract/run.ts";

/** The receipt of a run that was computed in parts: their sums. @param seconds since it was opened */
export function wholeReceipt({ run, call, modelVersion }: OpenRun, parts: readonly PartOutcome[], seconds: number): Receipt {
  const receipts = parts.flatMap(({ receipt }) => receipt ?? []);
  const sum = (of: (receipt: Receipt) => number) => receipts.reduce((total, each) => total + of(each), 0);
  const first = receipts[0];
  return {
    run: run.id,
    algorithm: run.algorithm,
    version: run.version,
    method: run.method,
    model: first?.model ?? { name: call.model, version: modelVersion },
    dataset: null,
    environment: first?.environment ?? call.environment ?? "default",
    device: [...new Set(receipts.map(({ device }) => device))].join(", ") || "cpu",
    rows: {
      sent: receipts.length > 0 && receipts.every(({ rows }) => rows.sent !== null) ? sum(({ rows }) => rows.sent ?? 0) : null,
      received: sum(({ rows }) => rows.received),
      used: sum(({ rows }) => rows.used),
      returned: sum(({ rows }) => rows.returned),
    },
    bytes: { received: sum(({ bytes }) => bytes.received), returned: sum(({ bytes }) => bytes.returned) },
    seconds: {
      queued: sum(({ seconds }) => seconds.queued),
      loading: sum(({ seconds }) => seconds.loading),
      computing: sum(({ seconds }) => seconds.computing),
      total: seconds,
    },
    notes: [...new Set(receipts.flatMap(({ notes }) => notes))],
  };
}

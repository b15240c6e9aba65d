import { expect, it, vi } from "vitest";
import { RunId } from "#contract/names.ts";
import { newRunId } from "../../../server/compute/run-id.ts";

it("ids are ordered by time, of one length, and never the same", () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  try {
    const ids: string[] = [];
    for (let n = 0; n < 2000; n++) {
      ids.push(newRunId());
      if (n % 3 === 0) vi.advanceTimersByTime(1);
    }
    expect(new Set(ids.map((id) => id.slice(10))).size).toBe(2000);
    for (const id of ids) expect(RunId.parse(id)).toMatch(/^[0-9a-z]{9}-[0-9a-f]{16}$/);
    const times = ids.map((id) => Number.parseInt(id.slice(0, 9), 36) - Date.UTC(2026, 0, 1));
    expect(times).toEqual(ids.map((_, n) => Math.ceil(n / 3)));
    const starts = ids.map((id) => id.slice(0, 9));
    expect(starts).toEqual(starts.toSorted());
  } finally {
    vi.useRealTimers();
  }
});

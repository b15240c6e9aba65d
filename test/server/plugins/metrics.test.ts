import { describe, expect, it } from "vitest";
import { createMetrics, type EndedCall } from "../../../server/plugins/metrics.ts";

const call: EndedCall = {
  ...{ method: "apply", model: "iris/default", version: "0123456789abcdef", code: "OK" },
  seconds: { queued: 0.02, total: 0.3 },
  rows: { received: 10, returned: 9 },
};
const linesOf = async (metrics: ReturnType<typeof createMetrics>, name: string) =>
  (await metrics.text()).split("\n").filter((line) => line.startsWith(name));

describe("metrics", () => {
  it("count calls, rows and lost workers under the names that users know", async () => {
    const metrics = createMetrics();
    metrics.ended(call);
    metrics.ended({ ...call, code: "CODE_FAILED", version: null, model: null });
    metrics.workerRestarted("crash");
    metrics.pathTokenRefused();
    expect(await linesOf(metrics, "compute_dltk_refused_total")).toEqual(["compute_dltk_refused_total 1"]);
    expect(await linesOf(metrics, "compute_requests_total")).toEqual([
      'compute_requests_total{method="apply",model="iris/default",version="0123456789abcdef",code="OK"} 1',
      'compute_requests_total{method="apply",model="",version="",code="CODE_FAILED"} 1',
    ]);
    expect(await linesOf(metrics, "compute_rows_total")).toEqual([
      'compute_rows_total{direction="in"} 20',
      'compute_rows_total{direction="out"} 18',
    ]);
    expect(await linesOf(metrics, "compute_request_duration_seconds_count")).toEqual([
      'compute_request_duration_seconds_count{method="apply"} 2',
    ]);
    expect(await linesOf(metrics, "compute_queue_wait_seconds_sum")).toEqual(['compute_queue_wait_seconds_sum{method="apply"} 0.04']);
    expect(await linesOf(metrics, "compute_worker_restarts_total")).toEqual(['compute_worker_restarts_total{reason="crash"} 1']);
    expect(await linesOf(metrics, "process_resident_memory_bytes")).toHaveLength(1);
  });

  it("count each call once, however many came since they were read", async () => {
    const metrics = createMetrics();
    let all = 0;
    for (const more of [1, 254, 1, 1, 255, 256, 600, 0]) {
      for (let n = 0; n < more; n++) metrics.ended(call);
      all += more;
      expect(await linesOf(metrics, "compute_requests_total")).toEqual([expect.stringMatching(new RegExp(` ${all}$`))]);
      expect(await linesOf(metrics, "compute_queue_wait_seconds_count")).toEqual([expect.stringMatching(new RegExp(` ${all}$`))]);
    }
    metrics.ended(call);
    metrics.live("iris", null);
    expect(await linesOf(metrics, "compute_requests_total")).toEqual([]);
  });

  it("look at the queue when they are read", async () => {
    const metrics = createMetrics();
    let queued = 3;
    metrics.watch(() => ({ queued }));
    expect(await linesOf(metrics, "compute_queue_depth")).toEqual(["compute_queue_depth 3"]);
    queued = 0;
    expect(await linesOf(metrics, "compute_queue_depth")).toEqual(["compute_queue_depth 0"]);
  });

  it("keep no series of versions that are not live any more, nor of algorithms that are gone", async () => {
    const metrics = createMetrics();
    metrics.ended({ ...call, model: "other/default" });
    for (let n = 0; n < 3000; n++) {
      const version = n.toString(16).padStart(16, "0");
      metrics.live("iris", version);
      for (const code of ["OK", "CODE_FAILED"]) metrics.ended({ ...call, version, code });
    }
    const lines = () => linesOf(metrics, "compute_requests_total");
    expect(await lines()).toEqual([
      'compute_requests_total{method="apply",model="other/default",version="0123456789abcdef",code="OK"} 1',
      'compute_requests_total{method="apply",model="iris/default",version="0000000000000bb7",code="OK"} 1',
      'compute_requests_total{method="apply",model="iris/default",version="0000000000000bb7",code="CODE_FAILED"} 1',
    ]);
    metrics.live("iris", null);
    expect(await lines()).toHaveLength(1);
  });

  it("stay bounded when callers make up names", async () => {
    const metrics = createMetrics();
    for (let n = 0; n < 1500; n++) metrics.ended({ ...call, model: `iris/${n}`, method: `m${n}` });
    const lines = await linesOf(metrics, "compute_requests_total");
    expect(lines).toHaveLength(1001);
    expect(lines).toContain('compute_requests_total{method="other",model="other",version="other",code="OK"} 500');
  });
});

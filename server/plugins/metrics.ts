import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** A call that ended, as the metrics count it. Seconds and rows as in its receipt. */
export interface EndedCall {
  readonly method: string;
  /** `<algorithm>/<model>`, or null where there is none. */
  readonly model: string | null;
  readonly version: string | null;
  /** The error's code, or `OK`. */
  readonly code: string;
  readonly seconds: { readonly queued: number; readonly total: number };
  readonly rows: { readonly received: number; readonly returned: number };
}

export interface Metrics {
  ended(call: EndedCall): void;
  /** The series of other versions of the algorithm end: each save would leave one. @param version null: it was deleted */
  live(algorithm: string, version: string | null): void;
  workerRestarted(reason: string): void;
  /** A request to an address of DLTK carried a wrong token. */
  pathTokenRefused(): void;
  /** Where the gauges look at each scrape. */
  watch(snapshot: () => { queued: number }): void;
  /** The text that Prometheus reads, and its media type. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Callers choose model names: beyond so many label sets the rest is counted together, so that memory stays bounded. */
const MOST_SERIES = 1000;
const OTHER = "other";
/** Calls are counted so many at a time, and before anybody looks: one by one each costs several times as much. */
const COUNTED_AT_ONCE = 256;
/** What is bounded of the labels of calls: codes are few. */
type SeriesLabels = { method: string; model: string; version: string };
const durations = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600];

/** Counts and gauges in a registry of their own. No label names a person or a search. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  let snapshot = () => ({ queued: 0 });
  const series = new Map<string, { readonly labels: SeriesLabels; readonly codes: Set<string> }>();

  const requests = new Counter({
    name: "compute_requests_total",
    help: "Calls that ended, by the code of their error, or OK",
    labelNames: ["method", "model", "version", "code"],
    registers,
  });
  const duration = new Histogram({
    name: "compute_request_duration_seconds",
    help: "From a call's first byte to the end of its answer",
    labelNames: ["method"],
    buckets: durations,
    registers,
  });
  const waited = new Histogram({
    name: "compute_queue_wait_seconds",
    help: "How long calls waited for a worker",
    labelNames: ["method"],
    buckets: durations,
    registers,
  });
  const rows = new Counter({
    name: "compute_rows_total",
    help: "Rows received (in) and returned (out)",
    labelNames: ["direction"],
    registers,
  });
  const restarts = new Counter({
    name: "compute_worker_restarts_total",
    help: "Workers that had to be replaced",
    labelNames: ["reason"],
    registers,
  });
  const refused = new Counter({
    name: "compute_dltk_refused_total",
    help: "Requests to addresses of DLTK with a wrong token in their path",
    registers,
  });
  new Gauge({
    name: "compute_queue_depth",
    help: "Calls that wait for a worker",
    registers,
    collect() {
      this.set(snapshot().queued);
    },
  });

  /** A notebook may declare any public function as a method: its names are bounded as well. */
  const bounded = (labels: SeriesLabels, code: string): SeriesLabels => {
    const key = JSON.stringify(labels);
    const known = series.get(key);
    if (known) known.codes.add(code);
    else if (series.size >= MOST_SERIES) return { method: OTHER, model: OTHER, version: OTHER };
    else series.set(key, { labels, codes: new Set([code]) });
    return labels;
  };

  let uncounted: EndedCall[] = [];
  function count(): void {
    const calls = uncounted;
    uncounted = [];
    for (const { method, model, version, code, seconds, rows: counts } of calls) {
      const labels = bounded({ method, model: model ?? "", version: version ?? "" }, code);
      requests.inc({ ...labels, code });
      duration.observe({ method: labels.method }, seconds.total);
      waited.observe({ method: labels.method }, seconds.queued);
      rows.inc({ direction: "in" }, counts.received);
      rows.inc({ direction: "out" }, counts.returned);
    }
  }

  return {
    ended(call) {
      if (uncounted.push(call) >= COUNTED_AT_ONCE) count();
    },
    live(algorithm, version) {
      count();
      for (const [key, { labels, codes }] of series) {
        if (!labels.model.startsWith(`${algorithm}/`) || labels.version === "" || labels.version === version) continue;
        for (const code of codes) requests.remove({ ...labels, code });
        series.delete(key);
      }
    },
    workerRestarted: (reason) => restarts.inc({ reason }),
    pathTokenRefused: () => refused.inc(),
    watch(source) {
      snapshot = source;
    },
    text() {
      count();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

import { serverLayers, sharesOf, workerLayers } from "./layers.ts";
import type { Stack } from "./stacks.ts";

/** What was seen of a scene. Processor time is of the same calls without a profiler. */
export interface Profiled {
  readonly title: string;
  readonly unit: "µs" | "ms";
  readonly server: readonly Stack[];
  readonly worker: readonly Stack[];
  /** Milliseconds of processor time a call. */
  readonly serverMs: number;
  readonly workerMs: number;
}

/** Processor time a call, by layer. */
export function tableOf(profiled: readonly Profiled[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rows = (name: string, shares: readonly ReadonlyMap<string, number>[], ms: readonly number[]): string[] => {
    const cell = (part: number, index: number): string => figure(part * (ms[index] ?? 0), profiled[index]?.unit ?? "ms");
    const layers = [...(shares[0]?.keys() ?? [])].filter((layer) => shares.some((each) => (each.get(layer) ?? 0) >= 0.005));
    return [
      row([`**${name}**`, ...ms.map((_, index) => `**${cell(1, index)}**`)]),
      ...layers.map((layer) => row([layer, ...shares.map((each, index) => cell(each.get(layer) ?? 0, index))])),
    ];
  };
  return [
    row(["processor time a call", ...profiled.map(({ title, unit }) => `${title}, ${unit}`)]),
    row(["---", ...profiled.map(() => "---:")]),
    ...rows(
      "server",
      profiled.map(({ server }) => sharesOf(server, serverLayers)),
      profiled.map(({ serverMs }) => serverMs),
    ),
    ...rows(
      "worker",
      profiled.map(({ worker }) => sharesOf(worker, workerLayers)),
      profiled.map(({ workerMs }) => workerMs),
    ),
  ].join("\n");
}

function figure(ms: number, unit: "µs" | "ms"): string {
  const value = unit === "µs" ? ms * 1000 : ms;
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

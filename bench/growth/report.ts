import { cpus, loadavg } from "node:os";
import type { Curve } from "./curve.ts";
import type { Form } from "./form.ts";

/** The page of all curves. @param load the machine's before the start */
export function reportOf(curves: readonly Curve[], form: Form, minutes: number, load: string): string {
  const [busy = 0] = loadavg();
  return [
    "# Growth",
    "",
    `Written by \`npm run bench:growth\`; [performance.md](../docs/performance.md) shows the curves and says where they bend. The load generator runs on the same ${cpus().length} cores, and every answer is checked.`,
    "",
    `- Machine: ${load}`,
    `- Node ${process.versions.node}; form: ${form.name}; it took ${minutes.toFixed(1)} minutes; load at the end ${busy.toFixed(2)}`,
    "",
    ...curves.flatMap((curve) => [`## ${curve.title}`, "", ...curve.notes.map((note) => `${note}\n`), tableOf(curve), ""]),
  ].join("\n");
}

/** A point a row. */
export function tableOf({ xTitle, columns, points }: Pick<Curve, "xTitle" | "columns" | "points">): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    row([xTitle, ...columns.map(({ title }) => title)]),
    row(["---:", ...columns.map(() => "---:")]),
    ...points.map(({ x, values }) => row([x.toLocaleString("en-US"), ...columns.map(({ key }) => figure(values[key]))])),
  ].join("\n");
}

/** Three digits that count; a dash where nothing was measured. */
function figure(value: number | undefined): string {
  return value === undefined ? "–" : value.toLocaleString("en-US", { maximumSignificantDigits: Math.abs(value) >= 1000 ? 4 : 3 });
}

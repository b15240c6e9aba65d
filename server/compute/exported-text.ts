import { holdsBack, problemLine } from "#contract/problem.ts";
import type { Check } from "../../notebook-exporter/answer.ts";
import { contentOf } from "../../notebook-exporter/content.ts";
import { exportNotebook } from "../../notebook-exporter/export.ts";
import type { Store } from "../store/store.ts";
import type { BridgeHome } from "./home.ts";
import { siblingFinder } from "./sibling-finder.ts";

/** The Python text that a notebook is exported to, headed by what keeps it from going live, as comments. */
export type Exporting = (name: string, path: string, notebook: unknown) => Promise<string>;

export function exportingWith(store: Pick<Store, "algorithms" | "versions">, home: BridgeHome, check: Check): Exporting {
  const siblings = siblingFinder(store, home);
  return async (name, path, notebook) => {
    const exported = await exportNotebook(name, notebook, check, { notebook: path, siblings });
    const { manifest } = exported;
    const text = manifest ? Object.entries(exported.files).find(([file]) => file.endsWith(`/${manifest.file}`))?.[1] : undefined;
    const known = await store.algorithms.find(name);
    // No content: it was refused before it could be exported, as when two notebooks claim one name.
    const isDecided = known !== undefined && (known.content === "" || known.content === contentOf(notebook));
    const problems = isDecided && known.state === "failing" ? known.problems : exported.problems;
    const errors = problems.filter((each) => each.severity === "error");
    const remarks = [
      ...(isDecided || holdsBack(problems) ? [] : ["It is still being checked, so it is not live yet."]),
      ...errors.map((each) => `Not live: ${problemLine(path, each)}`),
    ];
    return [...remarks.flatMap((each) => each.split("\n").map((line) => `# ${line}\n`)), text ?? ""].join("");
  };
}

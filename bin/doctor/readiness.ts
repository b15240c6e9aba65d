import { z } from "zod";
import type { Algorithm } from "#contract/algorithm.ts";
import { problemLine } from "#contract/problem.ts";
import { type Finding, ok, wrong } from "./finding.ts";

/** What `/health/ready` answers. */
export const Readiness = z.object({ checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })) });
type Check = z.infer<typeof Readiness>["checks"][number];

const todos: Readonly<Record<string, string>> = {
  store: "Look whether the database of BRIDGE_STORE runs and lets the bridge in; the bridge goes on by itself.",
  notebooks: "Rename or mend what is named there.",
  disk: "Make room there: saves, fits and stagings fail until then.",
  jupyter: "Run bridge doctor again in a minute. If it stays so, the bridge's log says why.",
};
/** JupyterLab that is off, or runs with another bridge: as somebody wanted it. */
const wanted = /^(?:not started$|runs with )/;

/** A check whose detail says something is no reason to refuse calls, but is one to look. */
export function ofReadiness({ name, ok: works, detail }: Check): Finding {
  if (works && (detail === "" || (name === "jupyter" && wanted.test(detail)))) return ok(`${name}: ${detail || "works"}`);
  return wrong(`${name}: ${detail || "does not work"}`, todos[name] ?? "Look at the bridge's log.");
}

/** The first error of an algorithm's last save, as its author knows the place. */
export function ofAlgorithms({ name, state, notebook, problems }: Algorithm): Finding[] {
  if (state !== "failing") return [];
  const errors = problems.filter((each) => each.severity === "error");
  const [first] = errors;
  const todo = `Mend it and save.${errors.length > 1 ? ` There are ${errors.length - 1} more: bridge algorithms ${JSON.stringify(name)}` : ""}`;
  return [wrong(first ? problemLine(notebook ?? `app/model/${name}`, first) : `${name}: its last save failed.`, todo)];
}

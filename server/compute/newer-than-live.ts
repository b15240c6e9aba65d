import type { Algorithm } from "#contract/algorithm.ts";
import { type Problem, problemPlace } from "#contract/problem.ts";

/**
 * What a call should be told that runs the live version although something newer was saved, of the algorithm or of what it
 * imports: sentences, mostly none.
 *
 * @param isDecided false: the last save is still being checked
 * @param siblings what the live version imports, as far as it is known
 */
export function newerThanLive(
  { name, live, notebook, state, problems }: Algorithm,
  isDecided: boolean,
  siblings: readonly Partial<Algorithm>[] = [],
): string[] {
  const source = notebook ?? `the module ${name}`;
  const orOther = siblings.length > 0 ? ", or of a module that it imports," : "";
  if (!isDecided) return [`A newer save of ${source}${orOther} was still being checked; version ${live} answered.`];
  const first = state === "failing" ? firstError(problems) : undefined;
  const notes = first
    ? [`The last save of ${source} does not run (${whatOf(first)}); version ${live}, which was live before, answered.`]
    : [];
  for (const sibling of siblings) {
    const its = sibling.state === "failing" ? firstError(sibling.problems) : undefined;
    if (its)
      notes.push(
        `The last save of ${sibling.notebook ?? `the module ${sibling.name}`}, which ${name} imports, does not run (${whatOf(its)}); the one before answered.`,
      );
  }
  return notes;
}

function firstError(problems: readonly Problem[] = []): Problem | undefined {
  return problems.find((each) => each.severity === "error");
}

/** Notes go into a header, too. */
const LONGEST = 300;

function whatOf(problem: Problem): string {
  const place = problemPlace(problem);
  const message = problem.message.length > LONGEST ? `${problem.message.slice(0, LONGEST)} …` : problem.message;
  return `${problem.code}${place && ` in ${place}`}: ${message}`;
}

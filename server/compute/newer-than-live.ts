import type { Algorithm } from "#contract/algorithm.ts";
import { type Problem, problemPlace } from "#contract/problem.ts";

/**
 * What a call should be told that runs the live version although something newer was saved: a sentence, or nothing.
 *
 * @param isDecided false: the last save is still being checked
 */
export function newerThanLive({ name, live, notebook, state, problems }: Algorithm, isDecided: boolean): string[] {
  const source = notebook ?? `the module ${name}`;
  if (!isDecided) return [`A newer save of ${source} is still being checked; version ${live}, which was live before, answered.`];
  const first = problems.find((each) => each.severity === "error");
  if (state !== "failing" || !first) return [];
  return [`The last save of ${source} does not run (${whatOf(first)}); version ${live}, which was live before, answered.`];
}

/** Notes go into a header, too. */
const LONGEST = 300;

function whatOf(problem: Problem): string {
  const place = problemPlace(problem);
  const message = problem.message.length > LONGEST ? `${problem.message.slice(0, LONGEST)} …` : problem.message;
  return `${problem.code}${place && ` in ${place}`}: ${message}`;
}

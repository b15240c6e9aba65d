import { expect, it } from "vitest";
import { environmentFinder } from "../../../server/environments/index.ts";
import { localEnvironment } from "../../../server/environments/local/environment.ts";
import { quiet } from "../workers/fixture.ts";

it("finds an environment by its name or an alias, ignoring case, and else lists what there is", async () => {
  await using local = localEnvironment({ log: quiet });
  const find = environmentFinder([local]);
  for (const name of ["local", "LOCAL", "Docker", "kubernetes", " default ", "docker_local", "Docker Local"])
    expect(find(name)).toBe(local);
  expect(() => find("ray")).toThrow(expect.objectContaining({ code: "NOT_FOUND", hint: "Use one of: local." }));
});

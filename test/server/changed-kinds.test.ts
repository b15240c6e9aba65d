import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";
import { odd } from "./support/odd.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

const { say, state } = odd(() => test);
const apply = `def apply(model, df, param):\n    return {"said": [V]}\n`;
const is = (algorithm: string, wanted: string) => expect.poll(() => state(algorithm)).toMatchObject({ state: wanted });
const places = {
  notebook: (name: string) => join(test.home, "notebooks", `${name}.ipynb`),
  module: (name: string) => join(test.home, "app/model", `${name}.py`),
};
const make = {
  notebook: (name: string, text: string) => test.save(`${name}.ipynb`, [text]),
  module: (name: string, text: string) => test.lay(`${name}.py`, text),
};

it.each([
  ["module", "notebook"],
  ["notebook", "module"],
] as const)(
  "a call right after a %s was replaced by a %s of its name runs the new one, as does a call of what imports it",
  async (from, to) => {
    for (const [at, caller] of ["it", "its user"].entries()) {
      const name = `${from}_${at}`;
      await make[from](name, `V = 'old'\n${apply}`);
      await is(name, "live");
      await make.notebook(`${name}_user`, `from app.model.${name} import V\n${apply}`);
      expect([await say(name), await say(`${name}_user`)]).toEqual(["old", "old"]);
      await rm(places[from](name));
      await is(name, "missing");
      expect(await say(`${name}_user`)).toBe("old");
      await make[to](name, `V = 'new'\n${apply}`);
      expect(await say(caller === "it" ? name : `${name}_user`)).toBe("new");
    }
  },
);

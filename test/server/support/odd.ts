import type { Algorithm } from "#contract/algorithm.ts";
import { contentWith } from "./bridge.ts";

/** Something that a test asks. */
interface Asked {
  ask(path: string, init?: RequestInit): Promise<Response>;
}

/** Cells of an algorithm that says a value. */
export const answering = (value: string) => [
  `def apply(model, df, param):\n    return {"said": ["${value}"]}`,
  "def load(name):\n    return {}\n\ndef summary(model=None):\n    return {}",
];

/** What tests of saves ask of a bridge again and again. */
export function odd(bridge: () => Asked) {
  const state = async (algorithm: string) =>
    (await (await bridge().ask(`/v1/algorithms/${encodeURIComponent(algorithm)}`)).json()) as Algorithm;
  return {
    state,
    /** What its apply says now, or the code of the error. */
    async say(algorithm: string): Promise<string | undefined> {
      const answer = await bridge().ask(`/v1/compute?${new URLSearchParams({ algorithm, method: "apply" })}`, {
        method: "POST",
        body: "a\n1\n",
        headers: { "content-type": "text/csv" },
      });
      if (answer.status !== 200) return ((await answer.json()) as { code: string }).code;
      return (await answer.text()).split("\n")[1]?.replace(/^"(.*)"$/, "$1");
    },
    /** The codes of its problems; undefined when it is not known. */
    codes: async (algorithm: string) => (await state(algorithm)).problems?.map((each) => each.code),
    text: (cells: readonly string[]) => JSON.stringify(contentWith(cells)),
  };
}

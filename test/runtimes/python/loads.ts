/** A module whose `load` does something with its top level, and whose `apply` answers what it finds there. */
export const source = (top: string, load: string, apply: string) =>
  [top, "def load(name):", `    ${load}`, "def apply(model, df, param):", `    return [{"found": ${apply}}]`].join("\n");

/** A top level with an object, to which anything may be attached. */
export const Holder = "class Holder: pass\nnet = Holder()";

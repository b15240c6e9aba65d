/** A language that marked cells may be written in. A row more, and a check for it, is all that another one needs. */
export interface Language {
  /** As Jupyter calls it, in lower case. */
  readonly name: string;
  /** How kernels are named that speak it, for notebooks that say no language. */
  readonly kernels: RegExp;
  /** The runtimes that can run it; the first unless the notebook chooses. */
  readonly runtimes: readonly [string, ...string[]];
  readonly extension: string;
  /** What begins a comment that ends with the line. */
  readonly comment: string;
  /** Lines above the first cell. They must be comments: a docstring or a __future__ import has to stay first. */
  readonly header: readonly string[];
}

const note = "Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.";

export const languages: readonly Language[] = [
  {
    name: "python",
    kernels: /^(i?python|conda-.*py|venv)/i,
    runtimes: ["python"],
    extension: ".py",
    comment: "#",
    header: ["# coding: utf-8", `# ${note}`],
  },
];

/** What a notebook says about its language; both are absent in old notebooks and in ones made by hand. */
export interface Spoken {
  readonly kernelspec?: { readonly name?: string | undefined; readonly language?: string | undefined } | undefined;
  readonly language_info?: { readonly name?: string | undefined } | undefined;
}

/** The language's name in lower case. Python where the notebook is silent, as in DSDL. */
export function spokenIn({ kernelspec, language_info }: Spoken): string {
  const said = (language_info?.name || kernelspec?.language)?.toLowerCase();
  const kernel = kernelspec?.name ?? "python";
  return said ?? languages.find((each) => each.kernels.test(kernel))?.name ?? kernel.toLowerCase();
}

import { LateParam, type Rows } from "#contract/call.ts";
import { BadCall, BadTable } from "#contract/errors.ts";
import { type DsdlMethod, type DsdlPhase, notText, readDsdlMeta } from "./dsdl.ts";
import { BadBody, DsdlScanner } from "./dsdl-body.ts";

/** What headers say of an old request before its body does, whose `meta` comes last. */
export interface Named {
  readonly algorithm: string;
  readonly model: string;
}

/** The phase and the text with which a body is refused, as DSDL would. */
export interface Refusal {
  readonly phase: DsdlPhase;
  readonly exception: string;
}

/**
 * Rows of an old request as they come in its body, then its `meta` as the call's param.
 *
 * A body that cannot be read, or that asks for something else than the headers, ends them with a BadCall: the call is
 * cancelled before its code got anything, and `refusal` says what to answer.
 */
export interface ArrivingRows {
  readonly rows: Exclude<Rows, Buffer>;
  readonly refusal: () => Refusal | undefined;
}

export function arrivingRows(method: DsdlMethod, body: AsyncIterable<Buffer>, named: Named): ArrivingRows {
  let refusal: Refusal | undefined;
  return { rows: arriving(), refusal: () => refusal };

  async function* arriving(): AsyncGenerator<Buffer | LateParam> {
    let texts: Buffer[] = [];
    let isBegun = false;
    const scanner = new DsdlScanner({
      write: (bytes) => void texts.push(bytes),
      reset() {
        if (isBegun) throw new BadBody("data is given twice, and the first is on its way already");
        isBegun = true;
      },
    });
    try {
      for await (const chunk of body) {
        scanner.push(chunk);
        const ready = texts;
        texts = [];
        for (const text of ready) if (text.length > 0) yield text;
      }
      const { data, meta } = scanner.finish();
      refusal = data.isText ? disagreement(method, meta, named) : { phase: "csv", exception: notText(data.json) };
      if (refusal === undefined) yield new LateParam(meta);
    } catch (error) {
      if (!(error instanceof BadBody || error instanceof BadTable)) throw error;
      refusal = { phase: "json", exception: error.message };
    }
    if (refusal) throw new BadCall(`The body cannot be used: ${refusal.exception}`, "Nothing was run. Send all rows again.");
  }
}

/** How `meta` asks for something else than the headers did; undefined when it does not. */
function disagreement(method: DsdlMethod, meta: string, named: Named): Refusal | undefined {
  const asked = readDsdlMeta(method, meta);
  if (asked.kind === "refused") return { phase: asked.phase, exception: asked.message };
  const phase = method === "fit" ? "load" : "init";
  if (asked.kind === "stage") return { phase, exception: "the headers name an algorithm, but meta asks to stage. Leave the headers away" };
  if (asked.modelVersion !== null)
    return { phase, exception: `meta asks for model_version ${asked.modelVersion}, which no header can name. Leave the headers away` };
  if (asked.algorithm === named.algorithm && asked.model === named.model) return undefined;
  return {
    phase,
    exception:
      `the headers name ${JSON.stringify(named.algorithm)} and the model ${JSON.stringify(named.model)}, but meta asks for ` +
      `${JSON.stringify(asked.algorithm)} and ${JSON.stringify(asked.model)}, so nothing was run. Name the same, or leave the headers away`,
  };
}

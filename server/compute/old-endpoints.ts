import type { Call, Rows } from "#contract/call.ts";
import type { Log } from "#contract/edges.ts";
import { BadTable, BridgeError, Cancelled, Stopping } from "#contract/errors.ts";
import { WorkerFailed } from "../workers/call.ts";
import type { Pool } from "../workers/pool.ts";
import { arrivingRows, type Named } from "./arriving-rows.ts";
import type { AnswerSink, Compute } from "./compute.ts";
import { type DsdlMethod, type DsdlPhase, dsdlFailure, dsdlMessage, notText, type OldClient, readDsdlMeta, toCall } from "./dsdl.ts";
import { BadBody, type DsdlBody, readDsdlBody } from "./dsdl-body.ts";
import type { BridgeHome } from "./home.ts";
import type { RunRecorder } from "./run-record.ts";
import { Spool } from "./spool.ts";
import type { Stage } from "./stage.ts";
import type { Starts } from "./starts.ts";

/** Bytes of an old request's rows that are held in memory; more go to a file. `meta` comes last, so rows must be held. */
const HELD_BYTES = 10 * 2 ** 20;

/** What the old endpoints answer with HTTP 200, whatever happened. On `success` the results went to the sink. */
export interface DsdlAnswer {
  readonly status: "success" | "staged" | "error";
  readonly message: string;
}

/** `POST /fit` or `POST /apply`. */
export interface OldRequest {
  readonly run: string;
  readonly method: DsdlMethod;
  readonly body: AsyncIterable<Buffer>;
  readonly client: OldClient;
  /** What its headers say already: its rows then go to a worker while they come. Null: they are held until `meta` says it. */
  readonly named: Named | null;
}

export interface OldEndpoints {
  /**
   * Answers an old request (contracts, sections 2 and 3): every failure of the call is an answer.
   *
   * @throws Stopping, Cancelled: there is nobody to answer, or no answer to give.
   */
  call(request: OldRequest, sink: AnswerSink, signal: AbortSignal): Promise<DsdlAnswer>;
  /** `GET /summary`: the last model that this caller fitted or applied here, and no other's. `summary` is JSON text. */
  summary(run: string, caller: string, signal: AbortSignal): Promise<{ model: string; summary?: string }>;
}

export interface OldEndpointsParts {
  readonly compute: Compute;
  readonly stage: Stage;
  readonly pool: Pool;
  readonly starts: Starts;
  readonly runs: RunRecorder;
  readonly home: BridgeHome;
  readonly timeout: number;
  readonly log: Log;
}

export function oldEndpoints({ compute, stage, pool, starts, runs, home, timeout, log }: OldEndpointsParts): OldEndpoints {
  const lastUsed = new Map<string, { algorithm: string; model: string }>();

  return {
    call: (request, sink, signal) =>
      request.named === null ? held(request, sink, signal) : arriving(request, request.named, sink, signal),

    async summary(run, caller, signal) {
      const last = lastUsed.get(caller);
      if (!last) return { model: "no model exists" };
      const call = { ...toCall("fit", last.algorithm, last.model, "{}", caller), algorithm: last.algorithm, method: "summary" };
      try {
        const { done } = await compute(run, call, Buffer.alloc(0), { event: () => {}, table: () => {} }, signal);
        return { model: done.modelText ?? "None", summary: done.summary ?? "null" };
      } catch (error) {
        if (error instanceof Stopping) throw error;
        const { exception } = dsdlFailure("apply", error);
        return { model: "no model exists", summary: JSON.stringify({ error: exception }) };
      }
    },
  };

  async function held(request: OldRequest, sink: AnswerSink, signal: AbortSignal): Promise<DsdlAnswer> {
    const { run, method, body } = request;
    const { caller, deployment } = request.client;
    await using spool = new Spool(home.spool, home.mark + run, HELD_BYTES);
    const failed = failedWith(method, deployment);
    let read: DsdlBody;
    try {
      read = await readDsdlBody(body, spool);
    } catch (error) {
      if (error instanceof BadBody || error instanceof BadTable) return failed("json", error.message);
      const asked = { method, algorithm: deployment, model: null, environment: null, caller, rowsSent: null, search: null };
      if (error instanceof Cancelled) runs.begin(run, asked).fail(error); // what the call names comes at the body's end
      throw error;
    }
    if (!read.data.isText) return failed("csv", notText(read.data.json));
    const rows = await spool.rows();
    const asked = readDsdlMeta(method, read.meta, deployment);
    const rowsFirst = async (phase: DsdlPhase, exception: string) => {
      const problem = await rowsProblem(run, await spool.rows(), caller, signal);
      return problem === undefined ? failed(phase, exception) : failed("csv", problem);
    };
    if (asked.kind === "refused") return rowsFirst(asked.phase, asked.message);
    try {
      if (asked.kind === "stage") {
        const { dataset } = await stage(run, asked.name, toCall("stage", null, asked.name, read.meta, caller), rows, signal);
        return {
          status: "staged",
          message: `Model data staged successfully in /srv/notebooks/data/${dataset.name}.csv - no model was built yet.`,
        };
      }
      const call = { ...toCall(method, asked.algorithm, asked.model, read.meta, caller), modelVersion: asked.modelVersion };
      return await computed(request, { ...call, algorithm: asked.algorithm }, rows, sink, signal);
    } catch (error) {
      const { phase, exception } = failureOf(error, request);
      // Code that cannot be found or imported is told only when the rows can be read: DSDL looks at those first.
      const isBeforeRows = phase === "load" || (phase === "init" && !(error instanceof WorkerFailed && error.error.phase !== "import"));
      return isBeforeRows ? rowsFirst(phase, exception) : failed(phase, exception);
    }
  }

  /** What the headers name is looked for before the first row is taken, and told when it is not there. */
  async function arriving(request: OldRequest, named: Named, sink: AnswerSink, signal: AbortSignal): Promise<DsdlAnswer> {
    const { method, body } = request;
    const { caller, deployment } = request.client;
    const failed = failedWith(method, deployment);
    const { rows, refusal } = arrivingRows(method, body, named);
    try {
      const call = { ...toCall(method, named.algorithm, named.model, null, caller), algorithm: named.algorithm };
      return await computed(request, call, rows, sink, signal);
    } catch (error) {
      const refused = refusal();
      const { phase, exception } = refused ?? failureOf(error, request);
      return failed(phase, exception);
    }
  }

  async function computed(
    { run, method }: OldRequest,
    call: Call & { algorithm: string },
    rows: Rows,
    sink: AnswerSink,
    signal: AbortSignal,
  ): Promise<DsdlAnswer> {
    const { receipt } = await compute(run, call, rows, sink, signal);
    lastUsed.set(call.caller, { algorithm: receipt.algorithm ?? call.algorithm, model: call.model });
    return { status: "success", message: `/${method} done successfully` };
  }

  /** @throws Stopping, Cancelled */
  function failureOf(error: unknown, { run, method, client }: OldRequest) {
    if (error instanceof Cancelled || error instanceof Stopping) throw error;
    if (!(error instanceof BridgeError || error instanceof WorkerFailed))
      log.error({ err: error, run }, "an old call failed in the bridge itself");
    return dsdlFailure(method, error, client.deployment);
  }

  /** What pandas says of rows that it cannot read; undefined when it can. */
  async function rowsProblem(run: string, rows: Rows, caller: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      await pool.call({
        algorithm: "",
        ...starts.plain(),
        purpose: "plain",
        caller,
        isScheduled: false,
        call: {
          run,
          method: "parse",
          strict: true,
          param: "{}",
          model: null,
          stage: null,
          input: {
            format: "csv",
            fields: null,
            types: null,
            untyped: "guess",
            rowWise: false,
            dropMultivalue: false,
            file: null,
            segments: [],
          },
          output: { format: "csv", append: false },
        },
        input: rows,
        sink: { event: () => {}, table: () => {} },
        signal,
        deadline: { seconds: timeout, limit: "BRIDGE_TIMEOUT" },
      });
      return undefined;
    } catch (error) {
      if (error instanceof WorkerFailed) return error.error.message;
      throw error;
    }
  }
}

function failedWith(method: DsdlMethod, deployment: string | null) {
  return (phase: DsdlPhase, exception: string): DsdlAnswer => ({
    status: "error",
    message: dsdlMessage(method, phase, exception, deployment),
  });
}

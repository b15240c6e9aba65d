import { z } from "zod";

/** A bridge that answers HTTP. */
export interface BridgeApi {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** @throws ApiFailed when the bridge says no, or is not there */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The answer, checked against its schema; GET unless said. */
  read<T>(path: string, schema: z.ZodType<T>, init?: RequestInit): Promise<T>;
}

/** What a bridge said instead of an answer: the problem's sentences, and the place in the code where there is one. */
export class ApiFailed extends Error {
  override readonly name = "ApiFailed";
  readonly hint: string;
  /** 0: no bridge answered. */
  readonly status: number;
  /** As contract/errors.ts names it; empty: none came. */
  readonly code: string;

  constructor(message: string, hint: string, { status = 0, code = "" }: { status?: number; code?: string } = {}) {
    super(message);
    this.hint = hint;
    this.status = status;
    this.code = code;
  }
}

const Said = z.object({
  detail: z.string().optional(),
  message: z.string().optional(),
  title: z.string().optional(),
  hint: z.string().optional(),
  code: z.string().optional(),
});

/** Where in somebody's code an error is, as problems and runs' errors tell it. */
const Place = z.object({
  algorithm: z.string().optional(),
  cell: z.number().optional(),
  cellName: z.string().optional(),
  notebook: z.string().optional(),
  file: z.string().optional(),
  line: z.number().optional(),
  exception: z.string().optional(),
  type: z.string().optional(),
});

/** @throws ApiFailed when the address is none */
export function connect(url: string, token: string): BridgeApi {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new ApiFailed(`"${url}" is no address of a bridge.`, "Give one such as http://127.0.0.1:5000 with --url or BRIDGE_URL.");
  }
  const headers = { authorization: `Bearer ${token}` };
  const ask: BridgeApi["ask"] = async (path, init = {}) => {
    const answer = await fetch(new URL(path, url), { ...init, headers: { ...headers, ...init.headers } }).catch((error: unknown) => {
      throw unreachable(url, error);
    });
    if (!answer.ok) throw problemOf(answer.status, await answer.text());
    return answer;
  };
  const read: BridgeApi["read"] = async (path, schema, init) => {
    const answer = schema.safeParse(parsed(await (await ask(path, init)).text()));
    if (answer.success) return answer.data;
    throw new ApiFailed(`What answers at ${url} is no bridge, or one of another release.`, "Name the bridge with --url or BRIDGE_URL.");
  };
  return { url, headers, ask, read };
}

/** What a body that is no answer says. */
export function problemOf(status: number, text: string): ApiFailed {
  const body = parsed(text);
  const { detail, message, title, hint, code = "" } = Said.safeParse(body).data ?? {};
  return new ApiFailed(`${detail ?? message ?? title ?? `HTTP ${status}: ${text.slice(0, 200)}`}${placeIn(body)}`, hint ?? "", {
    status,
    code,
  });
}

/** ` (iris, cell 3 "mltkc_fit", line 2)`, with the notebook where it is another one's; or nothing. */
export function placeIn(details: unknown): string {
  const { algorithm, cell, cellName, notebook, file, line, exception } = Place.safeParse(details).data ?? {};
  if (line === undefined && cell === undefined) return "";
  const where = cell === undefined ? file : `cell ${cell}${cellName ? ` "${cellName}"` : ""}`;
  return ` (${[notebook ?? algorithm, exception, where, line === undefined ? undefined : `line ${line}`].filter(Boolean).join(", ")})`;
}

export function unreachable(url: string, error: unknown): ApiFailed {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = cause instanceof Error ? cause.message || ("code" in cause ? String(cause.code) : cause.name) : String(cause);
  return new ApiFailed(
    `No bridge answers at ${url}: ${why}.`,
    "Start it with npm start or bridge start, or name another with --url or BRIDGE_URL.",
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

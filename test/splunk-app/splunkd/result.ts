import { z } from "zod";
import type { Ended } from "./command-process.ts";
import { readBody, type Value } from "./csv.ts";
import type { Reply } from "./frames.ts";

/** What was seen of a search and its command. */
export interface Seen extends Ended {
  readonly sid: string;
  readonly replies: readonly Reply[];
  readonly stderr: string;
  /** What the app logged meanwhile. */
  readonly log: string;
  /** Most memory of the command, in MB. */
  readonly peakRss: number;
  readonly seconds: number;
  /** Command line and environment of the process, as anybody on the machine may see them. */
  readonly visible: string;
  readonly previews: readonly SearchResult[];
}

/** What a search showed, and what its command left. */
export interface SearchResult extends Seen {
  /** Columns of all replies, in the order in which they first came. */
  readonly columns: string[];
  /** Rows of all replies. */
  readonly rows: Record<string, Value>[];
  /** Messages in the job inspector, `LEVEL text`. */
  readonly messages: string[];
  /** What the search bar shows when the search failed. */
  readonly error: string | undefined;
}

const Inspector = z.looseObject({ messages: z.array(z.tuple([z.enum(["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]), z.string()])) });

/** Rows are read from the replies when they are asked for. */
export function resultOf(seen: Seen): SearchResult {
  const metadata = seen.replies.map((reply) => reply.metadata);
  const error = metadata.find((each) => each.error !== undefined)?.error;
  let read: { columns: string[]; rows: Record<string, Value>[] } | undefined;
  const table = () => {
    if (read !== undefined) return read;
    const bodies = seen.replies.filter(({ body }) => body.length > 0).map(({ body }) => readBody(body));
    read = { columns: [...new Set(bodies.flatMap(({ columns }) => columns))], rows: bodies.flatMap(({ rows }) => rows) };
    return read;
  };
  return {
    ...seen,
    error: error === undefined ? undefined : String(error),
    messages: metadata
      .flatMap(({ inspector }) => (inspector === undefined ? [] : Inspector.parse(inspector).messages))
      .map(([level, text]) => `${level} ${text}`),
    get columns() {
      return table().columns;
    },
    get rows() {
      return table().rows;
    },
  };
}

import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Page } from "../store/page.ts";

const MOST = 1000;

/** The numbers of events are such cursors: lists whose order is that of events. */
const number = z.string().regex(/^\d{0,15}$/, "this is no `next` of a page");

/** The query parameters of every list. @param cursor what `next` can be, and the empty text */
export function paging(cursor: z.ZodType<string> = number) {
  return {
    limit: z.coerce.number().int().min(1).max(MOST).default(100).describe("How many at most"),
    cursor: cursor
      .optional()
      .describe(
        "`next` of the page before; empty for the first page. With it the answer is {items, next}, without it the items alone; a header Link names the next page in both",
      ),
  };
}

/** What a list answers. */
export function listOf<Item extends z.ZodType>(item: Item) {
  const next = z.string().nullable().describe("The cursor of the next page; null: this is the last");
  return z.union([z.array(item), z.object({ items: z.array(item), next }).describe("When `cursor` was given")]);
}

interface Asked {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Which page of the store's list is wanted. */
export function wanted({ limit, cursor }: Asked): { limit: number; cursor: string | undefined } {
  return { limit, cursor: cursor || undefined };
}

/** The page as it was asked for. No list ends silently: a header tells of what follows. */
export function answerPage<T>(request: FastifyRequest, reply: FastifyReply, { cursor }: Asked, page: Page<T>): T[] | Page<T> {
  if (page.next !== null) {
    const address = new URL(request.url, "http://bridge");
    address.searchParams.set("cursor", page.next);
    reply.header("link", `<${address.pathname}${address.search}>; rel="next"`);
  }
  return cursor === undefined ? page.items : page;
}

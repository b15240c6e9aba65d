import { type Command, Option } from "commander";
import { z } from "zod";
import { ApiFailed, type BridgeApi } from "./api.ts";
import { asksBridge, type Connection } from "./connection.ts";
import { jsonText } from "./escapes.ts";
import { print } from "./print.ts";
import { wholeNumber } from "./usage.ts";

/** Options that every list has. */
export interface Listing extends Connection {
  readonly limit: number;
  readonly all?: true;
}

/** The first rows of a list, and whether there are more. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly isMore: boolean;
}

const FIRST = 100;
/** The longest page that the API gives. */
const PAGE = 1000;

/** Adds --limit and --all, and what every command has that asks a bridge. @param first how many are shown unless said */
export function listsThings(command: Command, first = FIRST): Command {
  command
    .addOption(new Option("--limit <number>", "how many at most").argParser(wholeNumber).default(first))
    .addOption(new Option("--all", "all of them").conflicts("limit"));
  return asksBridge(command);
}

/**
 * As many as were asked for, page by page.
 *
 * @param query what else is asked; undefined: not given
 * @throws ApiFailed when the pages do not go on
 */
export async function readListed<T>(
  api: BridgeApi,
  path: string,
  item: z.ZodType<T>,
  { limit, all }: Pick<Listing, "limit" | "all">,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Listed<T>> {
  const most = all ? Number.POSITIVE_INFINITY : limit;
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const asked = new URLSearchParams({ limit: String(Math.min(PAGE, most - items.length)) });
    for (const [key, value] of Object.entries(query)) if (value !== undefined) asked.set(key, value);
    asked.set("cursor", cursor ?? ""); // without one the answer is a list alone, which cannot say that there is more
    const page: Page<T> = await api.read(`${path}?${asked}`, pageOf(item));
    for (const each of page.items) items.push(each);
    if (page.next !== null && page.next === cursor)
      throw new ApiFailed(
        "The list does not go on where its last page ended.",
        "Is the bridge of another release? bridge --version says this one's.",
      );
    cursor = page.next;
  } while (cursor !== null && items.length < most);
  return { items: items.slice(0, most), isMore: cursor !== null || items.length > most };
}

/** The list goes to standard output, and beside it that there is more: no list ends silently before its end. */
export function printListed<T>({ items, isMore }: Listed<T>, { json }: Connection, shown: (items: readonly T[]) => string): void {
  print(json ? jsonText(items) : shown(items));
  if (isMore) console.error(`${items.length} of more: --limit N or --all`);
}

/**
 * An empty list is an error when it is asked of an algorithm that is not there.
 *
 * @throws ApiFailed with the names that may have been meant
 */
export async function refuseUnknown(api: BridgeApi, { items }: Listed<unknown>, algorithm: string | undefined): Promise<void> {
  if (items.length === 0 && algorithm !== undefined) await api.ask(`/v1/algorithms/${encodeURIComponent(algorithm)}`);
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** A page is `{<what is listed>: […], next}`; a list alone is the only page. */
function pageOf<T>(item: z.ZodType<T>): z.ZodType<Page<T>> {
  const items = z.array(item);
  const keyed = z.looseObject({ next: z.string().nullish() }).transform(({ next, ...rest }, context) => {
    const found = items.safeParse(Object.values(rest).find(Array.isArray));
    if (found.success) return { items: found.data, next: next ?? null };
    context.addIssue("no list");
    return z.NEVER;
  });
  return z.union([items.transform((all) => ({ items: all, next: null })), keyed]);
}

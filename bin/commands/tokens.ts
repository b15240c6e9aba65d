import { Command } from "commander";
import { z } from "zod";
import { asksBridge, bridgeOf, type Connection } from "../connection.ts";
import { type Listing, listsThings, printListed, readListed } from "../listing.ts";
import { print } from "../print.ts";
import { table, time } from "../show.ts";
import { checkedBy, namedThing } from "../usage.ts";

const Row = z.object({ name: z.string(), createdAt: z.string() });
const tokenName = checkedBy(
  z.string().regex(/^[A-Za-z][\w.-]{0,63}$/),
  "A token's name begins with a letter and goes on with letters, digits, _ . -, such as splunk.",
);
const Made = z.object({ name: z.string(), token: z.string() });

/** `bridge tokens`, `bridge tokens add NAME`, `bridge tokens remove NAME`. */
export function tokensCommand(): Command {
  const command = new Command("tokens")
    .description("who may call the bridge: further tokens, by name")
    .addHelpText("after", "\nExamples:\n  bridge tokens list\n  bridge tokens add splunk\n  bridge tokens remove splunk");
  for (const each of [command, command.command("list").description("the same as without a word")]) listsThings(each).action(list);
  asksBridge(command.command("add").description("make one; it is shown this once").argument("<name>", "who it is for", tokenName), {
    json: false,
  }).action(async (name: string, options: Connection) => {
    const body = JSON.stringify({ name });
    const headers = { "content-type": "application/json" };
    print((await (await bridgeOf(options)).read("/v1/tokens", Made, { method: "POST", headers, body })).token);
  });
  asksBridge(command.command("remove").description("take one away, at once").argument("<name>", "as the list shows it", namedThing), {
    json: false,
  }).action(async (name: string, options: Connection) => {
    await (await bridgeOf(options)).ask(`/v1/tokens/${encodeURIComponent(name)}`, { method: "DELETE" });
    print(`The token ${name} is taken away.`);
  });
  return command;
}

async function list(options: Listing): Promise<void> {
  printListed(await readListed(await bridgeOf(options), "/v1/tokens", Row, options), options, (all) => {
    const rows = all.map((each) => [each.name, time(each.createdAt)]);
    return table(["name", "made"], rows, "There are no further tokens. Make one with: bridge tokens add NAME");
  });
}

import { Command } from "commander";
import { z } from "zod";
import { asksBridge, bridgeOf, type Connection } from "../connection.ts";
import { table, time } from "../show.ts";

const Listed = z.array(z.object({ name: z.string(), createdAt: z.string() }));
const Made = z.object({ name: z.string(), token: z.string() });

/** `bridge tokens`, `bridge tokens add NAME`, `bridge tokens remove NAME`. */
export function tokensCommand(): Command {
  const command = new Command("tokens")
    .description("who may call the bridge: further tokens, by name")
    .addHelpText("after", "\nExamples:\n  bridge tokens add splunk\n  bridge tokens remove splunk");
  asksBridge(command).action(async (options: Connection) => {
    const all = await (await bridgeOf(options)).read("/v1/tokens", Listed);
    const rows = all.map((each) => [each.name, time(each.createdAt)]);
    console.log(options.json ? JSON.stringify(all, null, 2) : table(["name", "made"], rows, "There are no further tokens."));
  });
  asksBridge(command.command("add").description("make one; it is shown this once").argument("<name>"), { json: false }).action(
    async (name: string, options: Connection) => {
      const body = JSON.stringify({ name });
      const answer = await (await bridgeOf(options)).ask("/v1/tokens", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      console.log(Made.parse(await answer.json()).token);
    },
  );
  asksBridge(command.command("remove").description("take one away, at once").argument("<name>"), { json: false }).action(
    async (name: string, options: Connection) => {
      await (await bridgeOf(options)).ask(`/v1/tokens/${encodeURIComponent(name)}`, { method: "DELETE" });
      console.log(`The token ${name} is taken away.`);
    },
  );
  return command;
}

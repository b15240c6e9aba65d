import { Command } from "commander";
import { DatasetVersion } from "#contract/dataset.ts";
import { asksBridge, bridgeOf, type Connection } from "../connection.ts";
import { jsonText } from "../escapes.ts";
import { type Listing, listsThings, printListed, readListed } from "../listing.ts";
import { print } from "../print.ts";
import { facts, table, time } from "../show.ts";
import { namedThing, nameOrList } from "../usage.ts";

/** `bridge datasets [NAME]` and `bridge datasets delete NAME`. */
export function datasetsCommand(): Command {
  const command = new Command("datasets")
    .description("staged rows, as notebooks read them")
    .argument("[name]", "one of them: its columns and where it lies", nameOrList)
    .addHelpText("after", "\nExamples:\n  bridge datasets\n  bridge compute mode=stage model_name=my_rows < rows.csv");
  listsThings(command).action(async (name: string | undefined, options: Listing) => {
    const api = await bridgeOf(options);
    if (name === undefined) return printListed(await readListed(api, "/v1/datasets", DatasetVersion, options), options, list);
    const one = await api.read(`/v1/datasets/${encodeURIComponent(name)}`, DatasetVersion);
    print(options.json ? jsonText(one) : details(one));
  });
  asksBridge(
    command
      .command("delete")
      .description("delete staged rows, with all their versions")
      .argument("<name>", "as the list shows it", namedThing),
    {
      json: false,
    },
  ).action(async (name: string, options: Connection) => {
    await (await bridgeOf(options)).ask(`/v1/datasets/${encodeURIComponent(name)}`, { method: "DELETE" });
    print(`The dataset ${name} is deleted.`);
  });
  return command;
}

function list(all: readonly DatasetVersion[]): string {
  return table(
    ["name", "version", "rows", "bytes", "staged", "file"],
    all.map((each) => [each.name, each.version, each.rows, each.bytes, time(each.createdAt), each.csv]),
    "There are no datasets. Stage rows with: bridge compute mode=stage model_name=NAME < rows.csv",
  );
}

function details(one: DatasetVersion): string {
  const columns = one.columns?.map(({ name, type }) => `${name} (${type})`).join(", ");
  return facts({
    name: one.name,
    version: one.version,
    rows: one.rows,
    bytes: one.bytes,
    staged: time(one.createdAt),
    columns,
    file: one.csv,
    run: one.run,
  });
}

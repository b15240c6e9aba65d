import { Command } from "commander";
import { z } from "zod";
import { DatasetVersion } from "#contract/dataset.ts";
import { asksBridge, bridgeOf, type Connection } from "../connection.ts";
import { facts, table, time } from "../show.ts";

/** `bridge datasets [NAME]` and `bridge datasets delete NAME`. */
export function datasetsCommand(): Command {
  const command = new Command("datasets")
    .description("staged rows, as notebooks read them")
    .argument("[name]", "one of them: its columns and where it lies")
    .addHelpText("after", "\nExamples:\n  bridge datasets\n  bridge compute mode=stage model_name=my_rows < rows.csv");
  asksBridge(command).action(async (name: string | undefined, options: Connection) => {
    const api = await bridgeOf(options);
    if (name === undefined) {
      const all = await api.read("/v1/datasets", z.array(DatasetVersion));
      return console.log(options.json ? JSON.stringify(all, null, 2) : list(all));
    }
    const one = await api.read(`/v1/datasets/${encodeURIComponent(name)}`, DatasetVersion);
    console.log(options.json ? JSON.stringify(one, null, 2) : details(one));
  });
  asksBridge(command.command("delete").description("delete staged rows, with all their versions").argument("<name>"), {
    json: false,
  }).action(async (name: string, options: Connection) => {
    await (await bridgeOf(options)).ask(`/v1/datasets/${encodeURIComponent(name)}`, { method: "DELETE" });
    console.log(`The dataset ${name} is deleted.`);
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

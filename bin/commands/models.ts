import { Command } from "commander";
import { z } from "zod";
import { ModelVersion } from "#contract/model.ts";
import { asksBridge, bridgeOf, type Connection } from "../connection.ts";
import { table, time } from "../show.ts";

interface ModelOptions extends Connection {
  readonly algorithm?: string;
  readonly modelVersion?: string;
}

/** `bridge models [NAME]` and `bridge models delete NAME`. */
export function modelsCommand(): Command {
  const command = new Command("models")
    .description("what fits left behind")
    .argument("[name]", "all versions of one model")
    .option("--algorithm <name>", "those of one algorithm")
    .addHelpText("after", "\nExamples:\n  bridge models\n  bridge models my_model --algorithm binary_classifier");
  asksBridge(command).action(async (name: string | undefined, { algorithm, ...options }: ModelOptions) => {
    const api = await bridgeOf(options);
    const query = new URLSearchParams(algorithm === undefined ? {} : { algorithm });
    const path = name === undefined ? "/v1/models" : `/v1/models/${encodeURIComponent(name)}/versions`;
    const all = await api.read(`${path}?${query}`, z.array(ModelVersion));
    console.log(options.json ? JSON.stringify(all, null, 2) : list(all));
  });
  const remove = command.command("delete").description("delete a model, or one version of it; refused while it is in use");
  remove
    .argument("<name>")
    .option("--algorithm <name>", "whose model, when several have one of that name")
    .option("--model-version <version>", "this version alone");
  asksBridge(remove, { json: false }).action(async (name: string, _options: unknown, command: Command) => {
    const { algorithm, modelVersion, ...options }: ModelOptions = command.optsWithGlobals();
    const version = modelVersion === undefined ? "" : `/versions/${encodeURIComponent(modelVersion)}`;
    const query = new URLSearchParams(algorithm === undefined ? {} : { algorithm });
    await (await bridgeOf(options)).ask(`/v1/models/${encodeURIComponent(name)}${version}?${query}`, { method: "DELETE" });
    console.log(`${modelVersion === undefined ? "The model" : `Version ${modelVersion} of the model`} ${name} is deleted.`);
  });
  return command;
}

function list(all: readonly ModelVersion[]): string {
  return table(
    ["model", "version", "aliases", "algorithm", "fitted", "columns"],
    all.map((each) => [
      each.name,
      each.version,
      each.aliases.join(", "),
      `${each.algorithm}@${each.fittedBy}`,
      time(each.createdAt),
      each.signature?.length ?? "",
    ]),
    "There are no models. A call with method fit makes one.",
  );
}

import { Command } from "commander";
import { ModelVersion } from "#contract/model.ts";
import { ModelVersionName } from "#contract/names.ts";
import { asksBridge, bridgeOf, type Connection } from "../connection.ts";
import { type Listing, listsThings, printListed, readListed, refuseUnknown } from "../listing.ts";
import { print } from "../print.ts";
import { table, time } from "../show.ts";
import { checkedBy, namedThing, nameOrList } from "../usage.ts";

const modelVersionName = checkedBy(ModelVersionName, "A version is a number from 1, or an alias such as latest.");

interface ModelOptions {
  readonly algorithm?: string;
  readonly modelVersion?: string;
}

/** `bridge models [NAME]` and `bridge models delete NAME`. */
export function modelsCommand(): Command {
  const command = new Command("models")
    .description("what fits left behind")
    .argument("[name]", "all versions of one model", nameOrList)
    .option("--algorithm <name>", "those of one algorithm")
    .addHelpText("after", "\nExamples:\n  bridge models\n  bridge models my_model --algorithm binary_classifier");
  listsThings(command).action(async (name: string | undefined, { algorithm, ...options }: ModelOptions & Listing) => {
    const api = await bridgeOf(options);
    const path = name === undefined ? "/v1/models" : `/v1/models/${encodeURIComponent(name)}/versions`;
    const listed = await readListed(api, path, ModelVersion, options, { algorithm });
    await refuseUnknown(api, listed, algorithm);
    printListed(listed, options, list);
  });
  const remove = command.command("delete").description("delete a model, or one version of it; refused while it is in use");
  remove
    .argument("<name>", "as the list shows it", namedThing)
    .option("--algorithm <name>", "whose model, when several have one of that name")
    .option("--model-version <version>", "this version alone", modelVersionName);
  asksBridge(remove, { json: false }).action(async (name: string, { algorithm, modelVersion, ...options }: ModelOptions & Connection) => {
    const version = modelVersion === undefined ? "" : `/versions/${encodeURIComponent(modelVersion)}`;
    const query = new URLSearchParams(algorithm === undefined ? {} : { algorithm });
    await (await bridgeOf(options)).ask(`/v1/models/${encodeURIComponent(name)}${version}?${query}`, { method: "DELETE" });
    print(`${modelVersion === undefined ? "The model" : `Version ${modelVersion} of the model`} ${name} is deleted.`);
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

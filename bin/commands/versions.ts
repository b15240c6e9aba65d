import { Command } from "commander";
import { z } from "zod";
import { Version } from "#contract/algorithm.ts";
import { Manifest } from "#contract/manifest.ts";
import { asksBridge, bridgeOf, type Connection } from "../connection.ts";
import { jsonText } from "../escapes.ts";
import { type Listing, listsThings, printListed, readListed, refuseUnknown } from "../listing.ts";
import { print } from "../print.ts";
import { facts, table, time } from "../show.ts";
import { namedThing, nameOrList, refuse } from "../usage.ts";

const Shown = z.object({ manifest: Manifest, createdAt: z.string() });

/** `bridge versions [ALGORITHM [VERSION]]` and `bridge versions delete ALGORITHM VERSION`. */
export function versionsCommand(): Command {
  const command = new Command("versions")
    .description("every export that was ever made, newest first")
    .argument("[algorithm]", "those of one algorithm", nameOrList)
    .argument("[version]", "one of them: its methods, cells and settings", namedThing)
    .addHelpText("after", "\nExamples:\n  bridge versions\n  bridge versions binary_classifier");
  listsThings(command).action(async (algorithm: string | undefined, version: string | undefined, options: Listing) => {
    if (algorithm === undefined && version !== undefined) refuse(command, `"${version}" is one word too many: bridge versions ${version}`);
    const api = await bridgeOf(options);
    if (algorithm !== undefined && version !== undefined) {
      const one = await api.read(`/v1/versions/${encodeURIComponent(algorithm)}/${encodeURIComponent(version)}`, Shown);
      return print(options.json ? jsonText(one) : details(one));
    }
    const listed = await readListed(api, "/v1/versions", Version, options, { algorithm });
    await refuseUnknown(api, listed, algorithm);
    printListed(listed, options, list);
  });
  const remove = command.command("delete").description("delete one version; refused while it is live or calls run it");
  asksBridge(remove.argument("<algorithm>", "whose", namedThing).argument("<version>", "as the list shows it", namedThing), {
    json: false,
  }).action(async (algorithm: string, version: string, options: Connection) => {
    const path = `/v1/versions/${encodeURIComponent(algorithm)}/${encodeURIComponent(version)}`;
    await (await bridgeOf(options)).ask(path, { method: "DELETE" });
    print(`The version ${version} of ${algorithm} is deleted.`);
  });
  return command;
}

function list(all: readonly Version[]): string {
  return table(
    ["algorithm", "version", "live", "exported", "methods"],
    all.map((each) => [
      each.algorithm,
      each.version,
      each.isLive ? "live" : "",
      time(each.createdAt),
      each.methods.join(", ") || "(library)",
    ]),
    "There are no versions.",
  );
}

function details({ manifest, createdAt }: z.infer<typeof Shown>): string {
  return facts({
    algorithm: manifest.name,
    version: manifest.version,
    exported: time(createdAt),
    source: manifest.notebook ?? `app/model/${manifest.file}`,
    methods: manifest.methods.join(", ") || "none: it is a library",
    cells: [...new Set(manifest.cells.map((each) => each.cell))].join(", "),
    runtime: manifest.runtime,
    environment: manifest.environment,
    requirements: manifest.requirements.join(", "),
    options: Object.keys(manifest.options).length > 0 ? JSON.stringify(manifest.options) : "",
    siblings: Object.entries(manifest.siblings)
      .map(([module, version]) => `${module}@${version}`)
      .join(", "),
  });
}

import { Command } from "commander";
import { z } from "zod";
import { Algorithm } from "#contract/algorithm.ts";
import { problemLine } from "#contract/problem.ts";
import { asksBridge, bridgeOf, type Connection } from "../connection.ts";
import { escaped, jsonText } from "../escapes.ts";
import { type Listing, listsThings, printListed, readListed } from "../listing.ts";
import { print } from "../print.ts";
import { facts, table, time } from "../show.ts";
import { namedThing, nameOrList } from "../usage.ts";

const Row = Algorithm.extend({ editor: z.string().nullable() });
const Shown = Row.extend({ methods: z.array(z.string()) });

/** `bridge algorithms [NAME]` and `bridge algorithms delete NAME`. */
export function algorithmsCommand(): Command {
  const command = new Command("algorithms")
    .description("what can be called: notebooks with marked cells, and modules in app/model")
    .argument("[name]", "one of them: its state, and the problems of its last save", nameOrList)
    .addHelpText("after", "\nExamples:\n  bridge algorithms\n  bridge algorithms binary_classifier");
  listsThings(command).action(async (name: string | undefined, options: Listing) => {
    const api = await bridgeOf(options);
    if (name === undefined) return printListed(await readListed(api, "/v1/algorithms", Row, options), options, list);
    const one = await api.read(`/v1/algorithms/${encodeURIComponent(name)}`, Shown);
    print(options.json ? jsonText(one) : details(one));
  });
  asksBridge(
    command
      .command("delete")
      .description("delete one, with its versions; refused while its notebook or module is there")
      .argument("<name>", "as the list shows it", namedThing),
    {
      json: false,
    },
  ).action(async (name: string, options: Connection) => {
    await (await bridgeOf(options)).ask(`/v1/algorithms/${encodeURIComponent(name)}`, { method: "DELETE" });
    print(`The algorithm ${name} is deleted.`);
  });
  return command;
}

function list(all: readonly Algorithm[]): string {
  return table(
    ["name", "state", "live", "source", "problems"],
    all.map((each) => [each.name, each.state, each.live, sourceOf(each), each.problems.length || ""]),
    "There are no algorithms yet. Save a notebook with marked cells in BRIDGE_HOME/notebooks.",
  );
}

function details(one: z.infer<typeof Shown>): string {
  const lines = facts({
    name: one.name,
    title: one.title === one.name ? "" : one.title,
    description: one.description,
    state: one.state,
    live: one.live,
    methods: one.methods.join(", "),
    source: sourceOf(one),
    exported: time(one.exportedAt),
    editor: one.editor,
  });
  const problems = one.problems.map((each) => escaped(problemLine(sourceOf(one), each)));
  return [lines, ...(problems.length > 0 ? ["", ...problems] : [])].join("\n");
}

function sourceOf({ notebook, name }: Algorithm): string {
  return notebook ?? `app/model/${name}`;
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError, type Option } from "commander";
import { z } from "zod";
import { nearNames } from "../server/store/near.ts";
import { escaped } from "./escapes.ts";
import { root } from "./places.ts";

/** The exit code of a command line that cannot be understood: nothing was begun. */
export const WRONG_USAGE = 2;

/** The release, as package.json has it. */
export function release(): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8"))).version;
}

/** Ends the process with what is wrong and what to do: two sentences. */
export function refuse(command: Command, message: string): never {
  return command.error(`error: ${message}`, { exitCode: WRONG_USAGE });
}

/**
 * Makes a whole program strict, once all of its commands are there: what is given twice, stands in the wrong place or is
 * one word too many is refused, never dropped; errors name what was meant and end with exit code 2.
 *
 * @returns what tells which command has begun
 */
export function beStrict(program: Command): () => Command | undefined {
  let begun: Command | undefined;
  program
    .enablePositionalOptions()
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE))
    .configureOutput({ outputError: (text, write) => write(escaped(text.replace(/^\((Did you mean .*)\)$/m, "  $1"))) })
    .hook("preAction", (_program, command) => {
      begun = command;
      refuseMisplaced(command);
      refuseMore(command);
    });
  settle(program, program);
  return () => begun;
}

/** For a name that nothing has: `bridge models delte`. Empty: it is near no command. */
export function commandMeant(begun: Command | undefined): string {
  const [word, ...more] = begun?.args ?? [];
  if (!begun || word === undefined || more.length > 0) return "";
  const [meant] = nearNames(
    word,
    begun.commands.map((each) => each.name()),
  );
  return meant === undefined ? "" : `\n  Or did you mean ${pathOf(begun)} ${meant}?`;
}

function settle(command: Command, program: Command): void {
  if (command !== program) command.copyInheritedSettings(program);
  command.allowExcessArguments().showHelpAfterError(`  ${pathOf(command)} --help says more.`);
  for (const option of command.options) if (option.required) refuseTwice(command, option);
  for (const each of command.commands) settle(each, program);
}

function refuseTwice(command: Command, option: Option): void {
  let isGiven = false;
  command.on(`option:${option.name()}`, () => {
    if (isGiven) refuse(command, `${option.long} is given twice: once is enough`);
    isGiven = true;
  });
}

/** `bridge datasets --all delete x`: what was meant for the list would be dropped. */
function refuseMisplaced(command: Command): void {
  for (let above = command.parent; above !== null; above = above.parent) {
    const given = above.options.find((each) => above.getOptionValueSource(each.attributeName()) === "cli");
    if (given) refuse(command, `${given.long} belongs after "${command.name()}", if that command has it`);
  }
}

function refuseMore(command: Command): void {
  const words = command.args;
  const { registeredArguments: known } = command;
  if (words.length <= known.length || known.at(-1)?.variadic) return;
  const names = command.commands.map((each) => each.name());
  const [meant] = nearNames(words[0] ?? "", names);
  if (meant) refuse(command, `"${words[0]}" is no command of ${pathOf(command)}\n  Did you mean ${meant}?`);
  refuse(command, `"${words[known.length]}" is one word too many for ${pathOf(command)}; quote a name that has spaces`);
}

/** `bridge models delete`. */
function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** `bridge help [COMMAND…]`: the same as --help after the command. */
export function showHelp(program: Command, words: readonly string[]): void {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (!next) {
      const names = command.commands.map((each) => each.name());
      const [meant] = nearNames(word, names);
      refuse(program, `there is no command "${word}"\n  ${meant ? `Did you mean ${meant}?` : `Use one of: ${names.join(", ")}.`}`);
    }
    command = next;
  }
  command.outputHelp();
}

/** For options: a whole number from 1. */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError("Give a whole number from 1.");
}

/** For options: seconds, parts of them too. */
export function seconds(text: string): string {
  if (/^\d{1,9}(\.\d+)?$/.test(text) && Number(text) > 0) return text;
  throw new InvalidArgumentError("Give a number of seconds above 0, such as 30 or 0.5.");
}

/** For arguments whose form the contract tells, so that what cannot be is said before anything is asked. */
export function checkedBy(schema: z.ZodType<string>, advice: string): (text: string) => string {
  return (text) => {
    if (schema.safeParse(text).success) return text;
    throw new InvalidArgumentError(advice);
  };
}

/** For the first argument of lists: `bridge models list` is `bridge models`. */
export function nameOrList(text: string): string | undefined {
  return text === "list" ? undefined : namedThing(text);
}

/** For arguments that become part of an address: nothing that is there has one of these names. */
export function namedThing(text: string): string {
  if (text !== "" && text !== "." && text !== "..") return text;
  throw new InvalidArgumentError("Give the name of one, as the list shows it.");
}

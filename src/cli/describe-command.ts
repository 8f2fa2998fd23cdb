import type { Command, CommanderError } from 'commander';

import { InputError } from '../common/input.error.js';
import { describeError, ExitCode, exitCodeForManager, exitCodeOf } from '../process/exit-code.js';
import { complain } from '../process/print.js';
import { resolveProfile } from '../config/profile.js';
import { GATEWAY, SUB_COMMANDS } from './command-table.js';
import type { CommandEntry, Program } from './command.js';
import { nearest } from './did-you-mean.js';
import { flagsOf, type TypedFlags } from './flags-of.js';
import type { Flag, FlagTable } from './flags.js';
import { HELP_PAGES, helpPageText, RUN_PAGE } from './help-pages.js';

/** Makes a command of the parser out of an entry of the table: nothing that is typed is ignored. */
export function describeCommand(command: Command, entry: CommandEntry, program: Omit<Program, 'createApp'>): Command {
  const { name, description, argument, flags, useless } = entry;
  command
    .description(description)
    .version(program.version)
    // A word after `gateway` is the name of a command that is not known, which `runCommand` says.
    .allowExcessArguments(entry === GATEWAY)
    .addHelpText('after', helpPageText(HELP_PAGES[name] ?? RUN_PAGE, program.name))
    // Or a command would take the flags that follow the name of a command below it.
    .enablePositionalOptions();
  nameWayOut(command);
  if (argument !== undefined) command.argument(argument);
  if (entry === GATEWAY) command.addHelpCommand('help [command]', 'print the help of a command');
  addFlags(command, flags);
  addFlags(command, useless?.flags ?? {}, { hidden: true });
  return command;
}

/** Has the parser say what is wrong in one line, with what was meant or where the help is. */
export function nameWayOut(command: Command): void {
  command.configureOutput({
    outputError: (text, write) => {
      const line = text.trimEnd().replace('\n', ' ');
      const [, word = ''] = /unknown command '(.*)'/.exec(line) ?? [];
      // Only some of the commands below `gateway` may be typed without it.
      const isBelow = !command.parent && Object.hasOwn(SUB_COMMANDS, word);
      const wayOut = isBelow ? `Did you mean ${GATEWAY.name} ${word}?` : `see ${pathOf(command)} --help`;
      write(`${line}${line.includes('(Did you mean ') ? '' : ` (${wayOut})`}\n`);
    },
  });
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** Values stay texts here: the commands judge them, so that every wrong one is reported in the same words. */
export function addFlags(command: Command, flags: FlagTable, { hidden = false } = {}): void {
  const table: readonly Flag[] = Object.values(flags);
  for (const { flags: notation, description, repeatable = false, counted = false } of table) {
    // Not `new Option`: a program of nest-commander brings its own copy of the parser.
    const option = command.createOption(notation, description).hideHelp(hidden);
    if (repeatable) option.argParser((value, values: string[] | undefined) => [...(values ?? []), value]);
    // A parser is asked for a flag without a value only where it has a preset.
    if (counted) option.preset(notation).argParser((_preset, count: number | undefined) => (count ?? 0) + 1);
    command.addOption(option);
  }
}

/**
 * Runs a command, and says on stderr what went wrong.
 *
 * @returns the exit code
 */
export async function runCommand(
  entry: CommandEntry,
  typed: TypedFlags,
  args: readonly string[],
  program: Program,
): Promise<number> {
  try {
    if (entry === GATEWAY) refuseUnknownCommand(args, program);
    const flags = flagsOf(entry, typed);
    const profile = resolveProfile(flags);
    const run = await entry.load();
    return endOf(entry, await run({ flags, args, profile, program }));
  } catch (error) {
    complain(describeError(error));
    return endOf(entry, exitCodeOf(error));
  }
}

/** What a service manager has started is the gateway itself; another command may be run by a program of that gateway. */
function endOf({ load }: CommandEntry, code: number): number {
  return load === GATEWAY.load ? exitCodeForManager(code) : code;
}

/** In the words of the parser, which finds the unknown ones before `gateway` itself. */
function refuseUnknownCommand([word]: readonly string[], { name }: Program): void {
  if (word === undefined) return;
  const meant = nearest(word, Object.keys(SUB_COMMANDS));
  const wayOut = meant === undefined ? `see ${name} ${GATEWAY.name} --help` : `Did you mean ${meant}?`;
  throw new InputError(`error: unknown command '${word}' (${wayOut})`);
}

/**
 * The exit code where the parser has printed help, the version, or what is wrong; its own for the last is 1.
 *
 * @param entry the command that it was about
 * @default the program itself
 */
export function exitCodeOfParser({ exitCode }: CommanderError, entry?: CommandEntry): number {
  const code = exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
  return entry ? endOf(entry, code) : code;
}

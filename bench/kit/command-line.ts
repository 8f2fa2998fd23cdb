import { parseArgs } from 'node:util';

import { FLAGS, type FlagName, type Options } from './options.js';
import type { AnyPart } from './part.js';

/** A part, and what it is told. */
export interface Order {
  readonly part: AnyPart;
  readonly options: Options;
}

export interface CommandLine {
  readonly orders: readonly Order[];
  readonly json: boolean;
  readonly record: boolean;
  readonly help: boolean;
}

const SWITCHES = {
  json: 'all results as one line of JSON',
  record: 'keep the results in bench/',
  help: 'this',
} as const;

type Switch = keyof typeof SWITCHES;

/** @throws {TypeError} in one line: the value that is wrong, the rule, and the way out */
export function readCommandLine(args: readonly string[], known: readonly AnyPart[]): CommandLine {
  const given: Partial<Record<FlagName, string>> = {};
  const switches = new Set<Switch>();
  const named = new Set<AnyPart>();
  for (const token of tokensOf(args)) {
    if (token.kind === 'positional') named.add(partOf(token.value, known));
    else if (token.kind === 'option') {
      const { name, value } = token;
      if (isSwitch(name)) switches.add(withoutValue(name, value));
      else if (isFlag(name)) given[name] = withValue(name, value);
      else throw new TypeError(`${JSON.stringify(token.rawName)} is not a flag; give some of ${flagList()}`);
    }
  }
  const parts = named.size > 0 ? [...named] : known.filter(({ kind }) => kind === 'table');
  checkThatTaken(given, parts, known);
  if (switches.has('record')) checkThatKept(parts);
  return {
    orders: parts.map((part) => ({ part, options: optionsOf(part, given) })),
    json: switches.has('json'),
    record: switches.has('record'),
    help: switches.has('help'),
  };
}

export function describeUsage(known: readonly AnyPart[]): string {
  const width = Math.max(...known.map(({ name }) => name.length));
  const parts = known.map((part) => {
    const defaults = Object.entries(part.defaults).map(([flag, text]) => `--${flag} ${text}`);
    const indent = ' '.repeat(width + 4);
    return [
      `  ${part.name.padEnd(width)}  ${part.about}\n`,
      defaults.length > 0 ? `${indent}${defaults.join(' ')}\n` : '',
    ];
  });
  const table = known.filter(({ kind }) => kind === 'table').map(({ name }) => name);
  const flags = Object.entries({
    ...Object.fromEntries(Object.entries(FLAGS).map(([flag, { about }]) => [flag, about])),
    ...SWITCHES,
  });
  return [
    `npm run bench -- [part …] [flag …]\n\nWithout a part: ${table.join(' ')}. The parts, with their flags and defaults:\n`,
    ...parts.flat(),
    '\n',
    ...flags.map(([flag, about]) => `  --${flag.padEnd(11)}  ${about}\n`),
  ].join('');
}

function tokensOf(args: readonly string[]): NonNullable<ReturnType<typeof parseArgs>['tokens']> {
  const texts = Object.fromEntries(Object.keys(FLAGS).map((name) => [name, { type: 'string' as const }]));
  const booleans = Object.fromEntries(Object.keys(SWITCHES).map((name) => [name, { type: 'boolean' as const }]));
  // What is wrong is said here, in the words of this command.
  const config = { args: [...args], options: { ...texts, ...booleans }, strict: false, tokens: true } as const;
  return parseArgs(config).tokens;
}

function partOf(name: string, known: readonly AnyPart[]): AnyPart {
  const part = known.find((candidate) => candidate.name === name);
  if (part) return part;
  const names = known.map((candidate) => candidate.name).join(' ');
  throw new TypeError(`${JSON.stringify(name)} is not a part; give some of ${names}, or none for those of the table`);
}

function withoutValue(name: Switch, value: string | undefined): Switch {
  if (value === undefined) return name;
  throw new TypeError(`--${name}: ${JSON.stringify(value)} is a value, which it does not take; give --${name} alone`);
}

function withValue(name: FlagName, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw new TypeError(
    `--${name}: ${JSON.stringify(value ?? '')} is not a value for it; give --${name} <value>, or leave it out`,
  );
}

/** A flag that would do nothing is a mistake. */
function checkThatTaken(given: object, parts: readonly AnyPart[], known: readonly AnyPart[]): void {
  for (const [flag, text] of Object.entries(given)) {
    if (parts.some(({ defaults }) => flag in defaults)) continue;
    const takers = known.filter(({ defaults }) => flag in defaults).map(({ name }) => name);
    throw new TypeError(
      `--${flag}: ${JSON.stringify(text)} is for ${takers.join(', ')}, none of which is to run; name one of them, or leave it out`,
    );
  }
}

function checkThatKept(parts: readonly AnyPart[]): void {
  const check = parts.find(({ kind }) => kind === 'check');
  if (!check) return;
  throw new TypeError(`--record: "${check.name}" compares with the record and makes none; leave one of the two out`);
}

/** A part looks at none that it does not name. */
function optionsOf({ defaults }: AnyPart, given: Partial<Record<FlagName, string>>): Options {
  const options: Record<string, unknown> = {};
  for (const [flag, text] of Object.entries(defaults)) {
    const name = flag as FlagName;
    options[name] = FLAGS[name].read(given[name] ?? text);
  }
  return options as unknown as Options;
}

function isSwitch(name: string): name is Switch {
  return Object.hasOwn(SWITCHES, name);
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}

function flagList(): string {
  return [...Object.keys(FLAGS), ...Object.keys(SWITCHES)].map((name) => `--${name}`).join(' ');
}

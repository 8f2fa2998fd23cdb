import { InputError } from '../common/input.error.js';
import { ExitCode } from '../process/exit-code.js';
import { GATEWAY, SUB_COMMANDS } from './command-table.js';
import type { CommandEntry, Run } from './command.js';
import type { Flag, FlagTable } from './flags.js';
import { PROFILE_FLAGS } from './shared-flags.js';

/** What may follow the words that were typed so far, such as `gateway status`. */
interface Place {
  readonly typed: string;
  readonly words: readonly string[];
}

const SHELLS = { bash, zsh, fish };
const PARSER_FLAGS = ['--help', '--version'];

/**
 * Prints the script with which a shell completes the commands and flags of this program.
 *
 * @param topLevel what may follow the name of the program
 */
export function completionOf(topLevel: readonly CommandEntry[]): Run {
  return ({ args, program }) => {
    const [shell = ''] = args;
    if (!Object.hasOwn(SHELLS, shell)) {
      throw new InputError(`${JSON.stringify(shell)} is not a shell that is known here; give bash, zsh or fish`);
    }
    process.stdout.write(SHELLS[shell as keyof typeof SHELLS](program.name, placesBelow(topLevel)));
    return Promise.resolve(ExitCode.OK);
  };
}

function placesBelow(topLevel: readonly CommandEntry[]): readonly Place[] {
  const below = Object.values(SUB_COMMANDS);
  const names = topLevel.map(({ name }) => name);
  return [
    { typed: '', words: [...names, 'help', ...longNames(PROFILE_FLAGS), '--no-color', ...PARSER_FLAGS] },
    { typed: 'help', words: names },
    { typed: 'completion', words: [...Object.keys(SHELLS), ...PARSER_FLAGS] },
    { typed: 'gateway', words: [...below.map(({ name }) => name), 'help', ...wordsOf(GATEWAY)] },
    ...below.map((entry) => ({ typed: `gateway ${entry.name}`, words: wordsOf(entry) })),
    ...topLevel
      .filter(({ name }) => name in SUB_COMMANDS)
      .map((entry) => ({
        typed: entry.name,
        words: wordsOf(entry),
      })),
  ];
}

function wordsOf({ choices = [], flags }: CommandEntry): readonly string[] {
  return [...choices, ...longNames(flags), ...PARSER_FLAGS];
}

function longNames(flags: FlagTable): string[] {
  return (Object.values(flags) as readonly Flag[]).map((flag) => /--[a-z-]+/.exec(flag.flags)?.[0] ?? '');
}

/** The flags that take a value, which the shell completes as the name of a file. */
function flagsWithValue(): readonly string[] {
  const tables = [GATEWAY, ...Object.values(SUB_COMMANDS)].map((entry): FlagTable => entry.flags);
  const flags = tables.flatMap((table) => Object.values(table) as readonly Flag[]);
  const names = flags.flatMap((flag) => (flag.flags.endsWith('>') ? (flag.flags.match(/--?[a-z][a-z-]*/g) ?? []) : []));
  return [...new Set(names)];
}

/** The words that lead from one place to the next, as patterns of a shell: `' gateway'|'gateway status'`. */
function steps(all: readonly Place[]): string[] {
  return all
    .filter(({ typed }) => typed !== '')
    .map(({ typed }) => (typed.includes(' ') ? `'${typed}'` : `' ${typed}'`));
}

function bash(name: string, all: readonly Place[]): string {
  return `# ${name}: completion for bash
_openclaw() {
  local current=\${COMP_WORDS[COMP_CWORD]} at= words= word
  COMPREPLY=()
  case \${COMP_WORDS[COMP_CWORD-1]} in
    ${flagsWithValue().join('|')}) return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${steps(all).join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case $at in
${all.map(({ typed, words }) => `    '${typed}') words='${words.join(' ')}' ;;`).join('\n')}
  esac
  while read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
}
complete -o default -F _openclaw ${commandNames(name)}
`;
}

function zsh(name: string, all: readonly Place[]): string {
  return `#compdef ${commandNames(name)}
_openclaw() {
  local at= list= word
  case \${words[CURRENT-1]} in
    ${flagsWithValue().join('|')}) _files; return ;;
  esac
  for word in \${words[2,CURRENT-1]}; do
    case "$at $word" in
      ${steps(all).join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case $at in
${all.map(({ typed, words }) => `    '${typed}') list='${words.join(' ')}' ;;`).join('\n')}
  esac
  compadd -- \${=list}
}
compdef _openclaw ${commandNames(name)}
`;
}

function fish(name: string, all: readonly Place[]): string {
  return `# ${name}: completion for fish
function __openclaw_words
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case ${steps(all).join(' ')}
        set at (string trim "$at $word")
    end
  end
  switch "$at"
${all.map(({ typed, words }) => `    case '${typed}'\n      printf '%s\\n' ${words.join(' ')}`).join('\n')}
  end
end
${commandNames(name)
  .split(' ')
  .map((command) => `complete -c ${command} -f -a '(__openclaw_words)'`)
  .join('\n')}
complete -c ${name} -r -F -l token-file
`;
}

/** Our own program has two names. */
function commandNames(name: string): string {
  return name.startsWith('openclaw') ? 'openclaw openclaw-gateway' : name;
}

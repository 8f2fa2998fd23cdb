import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { BIN, Program } from '../kit/program.js';
import { tempFolder } from '../kit/temp.js';

const LINES: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['openclaw ga', ['gateway']],
  ['openclaw st', ['start', 'status', 'stop']],
  ['openclaw gateway st', ['start', 'status', 'stop']],
  ['openclaw gateway --st', ['--standby']],
  ['openclaw gateway --port 1 status --de', ['--deep', '--dev']],
  ['openclaw --profile work gateway stop --ti', ['--timeout']],
  ['openclaw status --al', ['--all']],
  ['openclaw completion b', ['bash']],
  ['openclaw help doc', ['doctor']],
  ['openclaw gateway fleet s', ['sql', 'status']],
  ['openclaw gateway fleet yield --ti', ['--timeout']],
  ['openclaw gateway status --bogus', []],
];

/** A script that prints what the shell offers for the last word of its arguments. */
const ASKS: Readonly<Record<string, string>> = {
  bash: 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _openclaw; printf "%s\\n" "${COMPREPLY[@]}"',
  zsh: 'compdef() { : }; compadd() { shift; for one in $@; do [[ $one == ${words[CURRENT]}* ]] && print -r -- $one; done }; source $1; shift; words=("$@"); CURRENT=$#; _openclaw',
  fish: 'source $argv[1]; complete -C "$argv[2..-1]"',
};

const isHere = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

describe.each(Object.entries(ASKS))('completion for %s', (shell, ask) => {
  (isHere(shell) ? it : it.skip)(`offers commands and flags, to the shell itself (needs ${shell})`, async () => {
    const program = Program.node(BIN, ['completion', shell]);
    expect(await program.exit()).toEqual({ code: 0, signal: null });
    const script = join(tempFolder(), `completion.${shell}`);
    writeFileSync(script, program.stdout);

    const options =
      shell === 'bash'
        ? ['--noprofile', '--norc', '-c', ask, shell]
        : shell === 'zsh'
          ? ['-fc', ask, shell]
          : ['--no-config', '-c', ask];
    const offers = LINES.map(([line]) => {
      const { stdout, stderr } = spawnSync(shell, [...options, script, ...line.split(' ')], { encoding: 'utf8' });
      expect(stderr).toBe('');
      return [
        line,
        stdout
          .split('\n')
          .map((row) => row.split('\t')[0])
          .filter(Boolean)
          .sort(),
      ];
    });

    expect(offers).toEqual(LINES.map(([line, offered]) => [line, [...offered]]));
  });
});

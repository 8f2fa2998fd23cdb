import { parseArgs } from 'node:util';

import { ADDRESS_FLAGS, CONTEST_FLAGS, PROFILE_FLAGS, SERVING_FLAGS, type Flag } from './gateway-flags.js';
import type { StartFlags } from './serve.js';

const FLAGS: Readonly<Record<string, Flag>> = {
  ...ADDRESS_FLAGS,
  ...SERVING_FLAGS,
  ensure: CONTEST_FLAGS.ensure,
};
const COMMAND = 'gateway';

interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple: boolean;
}

/** Names as they are typed, which are not always those that the flags have in the code. */
const KEYS = new Map(Object.entries(FLAGS).map(([key, { flags }]) => [longName(flags), key]));
const OPTIONS = Object.fromEntries(Object.values(FLAGS).map((flag) => [longName(flag.flags), optionOf(flag)]));

/**
 * Reads the command line of an ordinary start, `openclaw gateway` with its flags, without the framework of the commands,
 * whose loading takes longer than the start itself.
 *
 * @param args what follows the script
 * @returns undefined for anything else, and where there is the least doubt: that is for the parser of the commands
 */
export function parsePlainStart(args: readonly string[]): StartFlags | undefined {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, tokens: true });
  } catch {
    return undefined;
  }
  const { tokens, values, positionals } = parsed;
  if (positionals.length !== 1 || positionals[0] !== COMMAND) return undefined;
  const command = tokens.findIndex(({ kind }) => kind === 'positional');
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'option-terminator') return undefined;
    if (token.kind === 'option' && index < command && !(token.name in PROFILE_FLAGS)) return undefined;
  }
  if (tokens.filter((token) => token.kind === 'option' && token.name === 'profile').length > 1) return undefined;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [KEYS.get(name), value])) as StartFlags;
}

/** `--allow-host <host>`, `-p, --port <port>`, `--dev` */
function longName(flags: string): string {
  return /--([a-z-]+)/.exec(flags)?.[1] ?? '';
}

function optionOf({ flags, repeatable = false }: Flag): Option {
  const short = /^-([a-z]),/.exec(flags)?.[1];
  return {
    type: flags.endsWith('>') ? 'string' : 'boolean',
    multiple: repeatable,
    ...(short !== undefined && { short }),
  };
}

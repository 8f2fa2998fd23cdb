import { InputError } from '../common/input.error.js';
import { DEFAULT_HOST, IPV4_WILDCARD } from '../listener/listen-address.js';

/** The words for a host that OpenClaw has, as far as they say which address it is. */
const BINDS: Readonly<Record<string, string>> = { auto: DEFAULT_HOST, loopback: DEFAULT_HOST, lan: IPV4_WILDCARD };

/** The host that a word of `gateway.bind` stands for; `undefined` for any other text. */
export function hostOfBind(word: string): string | undefined {
  return Object.hasOwn(BINDS, word) ? BINDS[word] : undefined;
}

/**
 * The host that `--bind` asks for.
 *
 * @throws {InputError} the word names no address
 */
export function hostOfBindFlag(word: string): string {
  const host = hostOfBind(word);
  if (host !== undefined) return host;
  throw new InputError(
    `--bind: ${JSON.stringify(word)} is not supported; give loopback or lan, or the address itself with --host <address>`,
  );
}

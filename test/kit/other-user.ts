import { Program } from './program.js';
import { LINUX } from './sockets.js';

/** `nobody`, by convention: a user of this machine that is not the one that runs the tests. */
export const OTHER_UID = 65_534;

const isRoot = process.getuid?.() === 0;

/** Why a test that takes two users is skipped, for its name; empty where it is not. */
export const NO_OTHER_USER = LINUX && isRoot ? '' : ' (needs Linux, and root to be two users)';

/** Runs a script, as text, as another user. */
export function asOtherUser(script: string, args: readonly (string | number)[] = []): Program {
  const user = [`--reuid=${OTHER_UID}`, '--clear-groups', process.execPath];
  return Program.start('setpriv', [...user, '--eval', script, '--', ...args.map(String)]);
}

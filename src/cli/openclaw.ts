import { basename } from 'node:path';

import { PACKAGE_VERSION } from '../common/package-version.js';
import type { Program } from './command.js';

const OTHER_NAME = 'openclaw-gateway';

/** Our own program, which the commands `openclaw` and `openclaw-gateway` run: it calls itself as it was called. */
export const OPENCLAW: Program = {
  name: basename(process.argv[1] ?? '') === OTHER_NAME ? OTHER_NAME : 'openclaw',
  version: PACKAGE_VERSION,
  createApp: async ({ settings, lock, verbose }) =>
    (await import('./load-nest.js')).createGatewayApp(settings, { lock, verbosity: verbose }),
};

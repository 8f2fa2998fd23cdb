import { PACKAGE_VERSION } from '../common/package-version.js';
import type { Program } from './command.js';

/** Our own program, which the command `openclaw` runs. */
export const OPENCLAW: Program = {
  name: 'openclaw',
  version: PACKAGE_VERSION,
  createApp: async ({ settings, lock, verbose }) =>
    (await import('./load-nest.js')).createGatewayApp(settings, { lock, verbose }),
};

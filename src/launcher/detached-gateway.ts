import { dirname } from 'node:path';

import { LaunchHistory } from './launch-history.js';
import { keepRotated, MAX_LOG_BYTES } from './log-rotation.js';
import { LOG_VARIABLE } from './log-variable.js';

/** For tests, which cannot write ten megabytes each. */
const LOG_BYTES_VARIABLE = 'OPENCLAW_LAUNCHED_LOG_BYTES';

/** What a gateway does for its launcher, which does not stay: keeps the log small, and notes an end that is no death. */
export function serveDetached(file: string): void {
  keepRotated(file, Number(process.env[LOG_BYTES_VARIABLE] ?? MAX_LOG_BYTES));
  // What this process starts is not started by the launcher.
  Reflect.deleteProperty(process.env, LOG_VARIABLE);
  process.on('exit', (code) => {
    if (code !== 0) return;
    const history = LaunchHistory.read(dirname(file));
    if (history.launched?.pid === process.pid) history.ended();
  });
}

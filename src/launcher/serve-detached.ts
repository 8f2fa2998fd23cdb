// A file of its own, loaded only by a gateway that a launcher has started: the others need not pay for it.
import { logFileIn } from './gateway-log.js';
import { LaunchHistory } from './launch-history.js';
import { keepRotated } from './log-rotation.js';
import { LOG_VARIABLE } from './log-variable.js';

/**
 * Does in the gateway what its launcher, which ends once the gateway is ready, cannot do: it keeps the log from growing
 * without end, and notes an end in order, so that the next launcher does not take it for a death.
 */
export function serveDetached(stateFolder: string): void {
  keepRotated(logFileIn(stateFolder));
  // The launcher has started this process, and not what this process starts. A restart in place sets it again.
  Reflect.deleteProperty(process.env, LOG_VARIABLE);
  process.on('exit', (code) => {
    if (code !== 0) return;
    try {
      const history = LaunchHistory.read(stateFolder);
      if (history.launched?.pid === process.pid) history.ended();
    } catch {
      // A history that this user may not read is not that of this gateway.
    }
  });
}

/** Called by a gateway that is ready. If it has succeeded the one that was launched last, it takes its place in the history. */
export function takePlace(stateFolder: string): void {
  try {
    const history = LaunchHistory.read(stateFolder);
    if (history.launched?.pid === process.pid) return;
    // A launcher puts them behind the script and the command, and a successor has the same.
    history.started(process.pid, Date.now(), process.argv.slice(3));
  } catch {
    // A history that this user may not read is not that of this gateway.
  }
}

import { GATEWAY_SERVICE } from '../holder/card.js';

/** Gives this process the title by which a gateway that does not answer is told from other Node processes. */
export function takeGatewayTitle(): void {
  process.title = GATEWAY_SERVICE;
}

/**
 * Keeps the variables of this process out of the diagnostic reports of Node: some are secret, and a report is sent to
 * others. Node 20 cannot leave them out.
 */
export function keepVariablesFromReports(): void {
  // Not in the types of Node 20.
  const report = process.report as { excludeEnv?: boolean } | undefined;
  if (report && 'excludeEnv' in report) report.excludeEnv = true;
}

/** Keeps this process alive when the reader of its output goes away. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.removeAllListeners('error').on('error', () => undefined);
}

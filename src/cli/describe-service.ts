import type { ManagedService } from '../service/managed-service.js';
import type { ServiceOutcome } from '../service/systemd-service.js';

/** What an install has done, or would do, in lines. */
export function describeService(
  { unit, changes, warnings, status }: ServiceOutcome,
  { isPlan = false } = {},
): string[] {
  return [
    ...changes.flatMap(({ path, change, diff }) => [
      `${isPlan && change !== 'unchanged' ? 'would be ' : ''}${change}: ${path}`,
      ...(change === 'replaced' || isPlan ? diff.map((line) => `  ${line}`) : []),
    ]),
    ...(status === undefined ? [] : [`${unit}: ${status}`]),
    ...warnings.map((warning) => `note: ${warning}`),
  ];
}

/** A service that the manager has, in half a line. */
export function describeManaged({ unit, state, isEnabled, lingers, restarts, ...more }: ManagedService): string {
  const { sockets, missingFile } = more;
  return [
    unit,
    state,
    isEnabled ? 'enabled' : 'not enabled',
    lingers ? 'from boot on' : 'while its user is logged in',
    ...(restarts === 0 ? [] : [`started again ${restarts} ${restarts === 1 ? 'time' : 'times'}`]),
    ...(sockets.length > 0 ? ['starts on the first connection'] : []),
    ...(missingFile === undefined ? [] : [`${missingFile} is gone: run install again`]),
  ].join(', ');
}

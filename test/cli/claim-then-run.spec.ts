import { isSameGateway } from '../../src/cli/claim-then-run.js';
import type { GatewayCard, Holder } from '../../src/listener/holder.js';
import { cardOf } from '../holder/cards.js';

describe('the gateway on the port', () => {
  const own = { verdict: 'ready', url: 'ws://127.0.0.1:18789', ownership: 'proven', card: cardOf() } as const;
  const other = cardOf({ instanceId: 'fedcba98-7654-4321-8fed-cba987654321' });

  it.each<[string, Holder & { readonly card?: GatewayCard }, boolean]>([
    ['that of the profile', own, true],
    ['that of the profile, on ::1', { ...own, url: 'ws://[::1]:18789' }, true],
    ['another one with its name', { ...own, card: other }, false],
    ['a process that shows its card on another port', { ...own, url: 'ws://127.0.0.1:18800' }, false],
  ])('is %s', (_name, onPort, isSame) => {
    expect(isSameGateway(onPort, own)).toBe(isSame);
  });
});

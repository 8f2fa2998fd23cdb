import { mayBecomeReady } from '../../src/launcher/look-for-gateway.js';
import type { Holder } from '../../src/listener/holder.js';
import { cardOf } from '../holder/cards.js';

const profile = { name: 'default', stateFolder: '/nowhere' } as Parameters<typeof mayBecomeReady>[1];
const base = { url: 'ws://127.0.0.1:18789', ownership: 'same user' } as const;

describe('a start in the background', () => {
  it.each<[what: string, holder: Holder, waits: boolean]>([
    ['one that starts', { ...base, verdict: 'starting', card: cardOf({ profile: 'default' }) }, true],
    ['one of another profile that starts', { ...base, verdict: 'starting', card: cardOf({ profile: 'other' }) }, false],
    ['one that stops', { ...base, verdict: 'draining', card: cardOf() }, true],
    ['one that does not answer', { ...base, verdict: 'stalled' }, true],
    ['a stranger', { ...base, verdict: 'foreign' }, false],
  ])('waits for %s: %#', (_what, holder, waits) => {
    expect(mayBecomeReady(holder, profile)).toBe(waits);
    // Another user can show any card, for any time.
    expect(mayBecomeReady({ ...holder, ownership: 'other user' }, profile)).toBe(false);
  });
});

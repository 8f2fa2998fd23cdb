import { parseCard } from '../../src/holder/card.js';
import { cardOf } from './cards.js';

const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  service: ['nginx', 'openclaw-gateway ', 1, null],
  pid: ['1', 0, -1, 1.5, 2 ** 32, null],
  profile: ['', 'x'.repeat(129), 'two\nlines', '\u001b[31mred', '\u202edesrever', 5, ['default']],
  version: ['', 'x'.repeat(65), '1.2.3\u0000', 1.2, {}],
  phase: ['', 'x'.repeat(33), 'two\nlines', 0, true, ['ready']],
  startedAt: [-1, 1.5, 8.64e15 + 1, '1795366472000', null],
  url: [
    'http://127.0.0.1:1',
    'ws://127.0.0.1',
    'ws://127.0.0.1:1/path',
    'ws://127.0.0.1:1?token=x',
    'ws://user:secret@127.0.0.1:1',
    'ws://evil.example:1',
    ` ws://127.0.0.1:1`,
    `ws://[${'0:'.repeat(100)}:1]:1`,
    1,
  ],
  instanceId: ['', '01234567-89ab-4cde-8f01-23456789abc', '0123456789ab4cde8f0123456789abcd', 1],
};

describe('a card', () => {
  it('is read as it was written', () => {
    expect(parseCard(JSON.stringify(cardOf()))).toEqual(cardOf());
  });

  it('may have a name', () => {
    expect(parseCard(JSON.stringify(cardOf({ name: 'acme' })))).toEqual(cardOf({ name: 'acme' }));
  });

  it('may name a fleet, and who is active in it', () => {
    const active = { host: 'gw1', pid: 7, url: 'wss://gw1.example:8443', since: 1 };
    for (const fleet of [
      { name: 'office', role: 'active', token: '8589934599', active: null },
      { name: 'office', role: 'standby', token: '0', active },
      { name: 'office', role: 'standby', token: '0', active: { ...active, url: null } },
    ]) {
      expect(parseCard(JSON.stringify({ ...cardOf(), fleet }))?.fleet).toEqual(fleet);
    }
  });

  it.each([
    [5, undefined],
    [null, undefined],
    [{ name: '\u001b[2J', role: 'active', token: '1' }, undefined],
    [{ name: 'office', role: 'king', token: '1' }, undefined],
    [{ name: 'office', role: 'active', token: 1 }, undefined],
    [
      { name: 'office', role: 'standby', token: '0', active: { host: '\u001b[2J', pid: 7, url: null, since: 1 } },
      { name: 'office', role: 'standby', token: '0', active: null },
    ],
  ])('with a fleet that is %j is one all the same', (fleet, read) => {
    const card = parseCard(JSON.stringify({ ...cardOf(), fleet }));

    expect(card).toEqual({ ...cardOf(), ...(read && { fleet: read }) });
  });

  it.each(['', 'x'.repeat(65), 'two\nlines', 1, null])('with the name %j is none', (name) => {
    expect(parseCard(JSON.stringify(cardOf({ name })))).toBeUndefined();
  });

  it.each(['starting', 'ready', 'draining'])('can say %s', (phase) => {
    expect(parseCard(JSON.stringify(cardOf({ phase })))?.phase).toBe(phase);
  });

  it.each(['released', 'READY', 'handing over'])('of a later version that is %s counts as starting', (phase) => {
    expect(parseCard(JSON.stringify(cardOf({ phase })))).toEqual(cardOf({ phase: 'starting' }));
  });

  it.each(['ws://[::1]:18789', 'ws://[fe80::1%25eth0]:18789', 'ws://0.0.0.0:1', 'ws://[::ffff:127.0.0.1]:1'])(
    'can name the address %s',
    (url) => {
      expect(parseCard(JSON.stringify(cardOf({ url })))?.url).toBe(url);
    },
  );

  it('loses the keys that are not known', () => {
    const card = parseCard(JSON.stringify({ ...cardOf(), token: 'secret', __proto__: null }));

    expect(card).toEqual(cardOf());
  });

  it.each(Object.entries(WRONG).flatMap(([field, values]) => values.map((value) => ({ field, value }))))(
    'with $field: $value is none',
    ({ field, value }) => {
      expect(parseCard(JSON.stringify({ ...cardOf(), [field]: value }))).toBeUndefined();
    },
  );

  it.each(Object.keys(WRONG))('without %s is none', (field) => {
    expect(parseCard(JSON.stringify({ ...cardOf(), [field]: undefined }))).toBeUndefined();
  });

  it.each(['', '{', '<html></html>', 'null', '[]', '"openclaw-gateway"', '1', '['.repeat(16_000)])(
    'is not %s',
    (text) => {
      expect(parseCard(text)).toBeUndefined();
    },
  );
});

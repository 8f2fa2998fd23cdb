import { checkPort, checkPortRange } from '../../src/doctor/check-port.js';
import type { Holder } from '../../src/listener/holder.js';
import { CARD, patient } from './patient.js';

describe('the port', () => {
  const nginx = { pid: 99, command: 'nginx', user: 'root', isGateway: false, pidsInNamespaces: [99] };

  it.each<[string, Partial<Holder>, object]>([
    ['is free', {}, { level: 'ok', text: 'ws://127.0.0.1:18789 is free' }],
    ['has the gateway of this profile', { verdict: 'ready', card: CARD, ownership: 'proven' }, { level: 'ok' }],
    [
      'has one that does not show whose it is',
      { verdict: 'ready', card: CARD },
      { level: 'note', text: expect.stringMatching(/; whose it is cannot be told$/) as string },
    ],
    ...(['ready', 'starting', 'draining'] as const).map((verdict): [string, Partial<Holder>, object] => [
      `has one of another user that says it is ${verdict}`,
      { verdict, card: { ...CARD, phase: verdict }, ownership: 'other user', user: 'eve' },
      {
        level: 'problem',
        text: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:18789 is used by another user: .*, user eve, /) as string,
        wayOut: 'ask user eve, or give this one another port with --port',
      },
    ]),
    [
      'has one of another user who has no name here',
      { verdict: 'ready', card: CARD, ownership: 'other user' },
      { level: 'problem', wayOut: 'give this one another port with --port' },
    ],
    [
      'has the gateway of another profile',
      { verdict: 'ready', card: { ...CARD, profile: 'work' } },
      {
        level: 'problem',
        text: 'ws://127.0.0.1:18789 is used by the gateway of profile work, and this is default',
        wayOut: 'give one of them another port with --port',
      },
    ],
    ['has one that starts', { verdict: 'starting', card: { ...CARD, phase: 'starting' } }, { level: 'note' }],
    ['has one that does not answer', { verdict: 'stalled' }, { level: 'problem' }],
    [
      'has another program',
      { verdict: 'foreign', owner: nginx },
      {
        level: 'problem',
        text: 'port 18789 is in use by another program: nginx (pid 99, user root)',
        wayOut: 'see it: ps -fp 99',
      },
    ],
    ['cannot be asked about', { verdict: 'unknown', errno: 'EMFILE' }, { level: 'problem' }],
  ])('%s', (_what, holder, finding) => expect(checkPort(patient({ holder }))).toMatchObject(finding));

  it.each([
    [18_789, 'ok'],
    [40_000, 'problem'],
  ])('%i is judged by the range of this machine: %s', (port, level) => {
    const ports = { first: 32_768, last: 60_999, reserved: [] };
    expect(checkPortRange(patient({ settings: { port } }), ports).level).toBe(level);
  });
});

import { ADDRESS_FLAGS, CONTEST_FLAGS, SERVING_FLAGS } from '../../src/cli/gateway-flags.js';
import { parsePlainStart } from '../../src/cli/plain-start.js';

describe('an ordinary start', () => {
  it.each<[string, object]>([
    ['gateway', {}],
    ['gateway --port 18789', { port: '18789' }],
    ['gateway --port=18789', { port: '18789' }],
    ['gateway --port=', { port: '' }],
    ['gateway -p 18789 -v', { port: '18789', verbose: true }],
    ['gateway -p18789', { port: '18789' }],
    ['gateway -vp 18789', { port: '18789', verbose: true }],
    ['gateway --port 1 --port 2', { port: '2' }],
    ['gateway --json --ensure --host ::1', { json: true, ensure: true, host: '::1' }],
    ['gateway --token secret-token', { token: 'secret-token' }],
    ['gateway --allow-host a --allow-host b:1', { allowHost: ['a', 'b:1'] }],
    ['gateway --allow-origin https://a', { allowOrigin: ['https://a'] }],
    ['--profile rescue gateway --port 1', { profile: 'rescue', port: '1' }],
    ['--dev gateway', { dev: true }],
    ['gateway --profile rescue --dev', { profile: 'rescue', dev: true }],
  ])('is read: %s', (line, expected) => {
    expect(parsePlainStart(line.split(' '))).toEqual(expected);
  });

  it.each([
    '',
    '--help',
    '--version',
    'gateway --help',
    'gateway -h',
    'gateway status',
    'gateway 18789',
    'gateway --force',
    'gateway --force=kill',
    'gateway --standby',
    'gateway --no-json',
    'gateway --json=true',
    'gateway --por 1',
    'gateway --port',
    'gateway --port -1',
    'gateway --',
    'gateway -- --port 1',
    '--port 1 gateway',
    '--profile a gateway --profile b',
    'other',
  ])('is not read where the parser of the commands may read something else: %j', (line) => {
    expect(parsePlainStart(line === '' ? [] : line.split(' '))).toBeUndefined();
  });

  it('has every flag of the command but those that contest a gateway that is there', () => {
    for (const { flags } of Object.values({ ...ADDRESS_FLAGS, ...SERVING_FLAGS, ensure: CONTEST_FLAGS.ensure })) {
      const long = /--[a-z-]+/.exec(flags)?.[0] ?? '';
      const value = flags.endsWith('>') ? ['value'] : [];
      expect(parsePlainStart(['gateway', long, ...value])).toBeDefined();
    }
  });
});

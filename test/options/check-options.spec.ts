import { Test } from '@nestjs/testing';

import { GatewayLockModule, GatewayLockService, InputError } from '../../src/index.js';
import { checkOptions } from '../../src/options/check-options.js';

describe('an option', () => {
  it.each<[object, string]>([
    [{ prot: 1 }, 'prot: there is no such option: give host, port, '],
    [{ toString: 1 }, 'toString: there is no such option: give host, port, '],
    [{ ws: { maxPayload: 1 } }, 'ws.maxPayload: there is no such option: give maxPayloadBytes, '],
    [{ port: '24020' }, 'port: "24020" is a string: give Number(…)'],
    [{ port: 65_536 }, 'port: 65536 is out of range: give a whole number from 0 to 65535'],
    [{ port: NaN }, 'port: NaN is out of range: '],
    [{ port: null }, 'port: null is out of range: '],
    [{ shutdownGraceMs: -1 }, 'shutdownGraceMs: -1 is out of range: give a whole number from 0 to 2147483647'],
    [{ shutdownDeadlineMs: Infinity }, 'shutdownDeadlineMs: Infinity is out of range: '],
    [{ http: { headersTimeoutMs: 0.5 } }, 'http.headersTimeoutMs: 0.5 is out of range: give a whole number from 1 to '],
    [{ ipv6Only: 'true' }, `ipv6Only: "true" is a string: compare it, as in value === 'true'`],
    [{ acquire: { identify: 1 } }, 'acquire.identify: 1 is neither true nor false'],
    [{ acquire: { wait: 'forever' } }, 'acquire.wait: "forever" is not known: give "fail" or "standby"'],
    [
      { protocol: 'opneclaw', auth: { token: 'secret' } },
      'protocol: "opneclaw" is not known: give "nest" or "openclaw"',
    ],
    [{ protocol: 1 }, 'protocol: 1 is not known: '],
    [{ auth: { token: 'secret' } }, "auth: protocol 'nest' asks clients for no token: give protocol: 'openclaw', "],
    [{ protocol: 'openclaw', auth: { token: ['secret'] } }, 'auth.token: a list cannot be used: give a string'],
    [{ protocol: 'openclaw', auth: 'secret' }, 'auth: a string cannot be used: give an object'],
    [{ auth: { tokens: [{ token: 'secret', scopes: ['all'] }] } }, 'auth.tokens[0].scopes[0]: "all" is not known: '],
    [{ callers: { origins: 'http://localhost:5173' } }, 'callers.origins: a string cannot be used: give a list'],
    [{ ws: { messageParser: {} } }, 'ws.messageParser: an object cannot be used: give a function'],
    [{ listener: Promise.resolve() }, 'listener: this is no listener: give what claimListener() resolves with'],
  ])('%j is refused: %s', (options, message) => {
    const error = refusalOf(options);

    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message.slice(0, message.length)).toBe(message);
    expect((error as InputError).message).not.toMatch(/secret|\n/);
  });

  it.each([[18_789], [null], ['18789']])('is not given as %j in place of all options', (options) => {
    const error = refusalOf(options);

    expect((error as InputError).message).toMatch(/^options: .* cannot be used: give an object$/);
  });

  it('counts as not given where it is undefined', () => {
    const options = { port: undefined, auth: undefined };

    expect(checkOptions(options)).toBe(options);
  });
});

describe('GatewayLockModule', () => {
  it('has its defaults without options', async () => {
    const testing = await Test.createTestingModule({ imports: [GatewayLockModule.forRoot()] }).compile();

    expect(testing.get(GatewayLockService).phase).toBe('starting');
  });

  it.each([
    ['without forRoot', GatewayLockModule],
    ['with a factory that returns nothing', GatewayLockModule.forRootAsync({ useFactory: () => undefined as never })],
  ])('%s says what to call', async (_how, module) => {
    await expect(Test.createTestingModule({ imports: [module] }).compile()).rejects.toThrow(
      'GatewayLockModule has no options: import GatewayLockModule.forRoot(), ',
    );
  });
});

function refusalOf(options: unknown): unknown {
  try {
    return checkOptions(options);
  } catch (error) {
    return error;
  }
}

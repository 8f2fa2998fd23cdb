import type { IncomingMessage } from 'node:http';

import { isForwarded, TrustedProxies } from '../../../src/control/access/trusted-proxies.js';
import { InputError } from '../../../src/common/input.error.js';

function request(remoteAddress: string | undefined, headers: Record<string, string> = {}): IncomingMessage {
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

function clientOf(proxies: readonly string[], from: string, forwardedFor?: string): string | undefined {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  return new TrustedProxies(proxies).read(request(from, headers))?.address;
}

describe('TrustedProxies', () => {
  it.each([
    ['a sender that is none', ['10.0.0.1'], '10.0.0.2', '192.0.2.7', undefined],
    ['a sender where none is trusted', [], '10.0.0.1', '192.0.2.7', undefined],
    ['one that names no client', ['10.0.0.1'], '10.0.0.1', undefined, '10.0.0.1'],
    ['the client', ['10.0.0.1'], '10.0.0.1', '192.0.2.7', '192.0.2.7'],
    [
      'the address that it has added, and not one before',
      ['10.0.0.1'],
      '10.0.0.1',
      '127.0.0.1, 192.0.2.7',
      '192.0.2.7',
    ],
    ['one before another trusted one', ['10.0.0.0/8'], '10.0.0.1', '127.0.0.1, 192.0.2.7, 10.9.9.9', '192.0.2.7'],
    ['no client that is no address', ['10.0.0.1'], '10.0.0.1', 'unknown', '10.0.0.1'],
    ['a client with its port', ['10.0.0.1'], '10.0.0.1', '192.0.2.7:50000', '192.0.2.7'],
    ['an IPv6 client with its port', ['10.0.0.1'], '10.0.0.1', '[2001:db8::7]:50000', '2001:db8::7'],
    ['an IPv4 sender over a dual-stack socket', ['10.0.0.1'], '::ffff:10.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['an IPv6 sender in another spelling', ['2001:db8:0::1'], '2001:db8::1', '192.0.2.7', '192.0.2.7'],
    ['an IPv6 sender of a range', ['2001:db8::/32'], '2001:db8:1::1', '192.0.2.7', '192.0.2.7'],
    ['an IPv6 sender with a zone', ['fe80::/64'], 'fe80::1%eth0', '192.0.2.7', '192.0.2.7'],
  ])('takes for the client of %s', (_what, proxies, from, forwardedFor, client) => {
    expect(clientOf(proxies, from, forwardedFor)).toBe(client);
  });

  it('believes no connection that is gone', () => {
    expect(new TrustedProxies(['10.0.0.1']).read(request(undefined))).toBeUndefined();
  });

  it.each([
    ['https', true],
    ['WSS', true],
    ['http', false],
    ['https, http', false],
    ['', false],
  ])('takes the last of X-Forwarded-Proto: %j', (proto, isSecure) => {
    const read = new TrustedProxies(['10.0.0.1']).read(request('10.0.0.1', { 'x-forwarded-proto': proto }));
    expect(read).toMatchObject({ isSecure, host: undefined });
  });

  it.each([
    '',
    'proxy.example',
    '10.0.0.1:80',
    '10.0.0.0/0',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '::/129',
    '1.1.1.1/8/8',
    'fe80::1%eth0',
    '*',
  ])('refuses %j in one line that names it', (value) => {
    expect(() => new TrustedProxies([value])).toThrow(
      new InputError(
        `${JSON.stringify(value)} is not the address of a proxy: give an IP address or a range such as 127.0.0.1 or 10.0.0.0/8`,
      ),
    );
  });
});

describe('isForwarded', () => {
  it.each([
    [{}, false],
    [{ host: 'a' }, false],
    [{ forwarded: 'for=192.0.2.7' }, true],
    [{ 'x-forwarded-for': '192.0.2.7' }, true],
    [{ 'x-real-ip': '192.0.2.7' }, true],
  ])('judges by the headers %j', (headers, is) => expect(isForwarded(request('127.0.0.1', headers))).toBe(is));
});

import fc, { type Arbitrary } from 'fast-check';

import { RequestGate } from '../../../src/control/access/request-gate.js';
import { InputError } from '../../../src/common/input.error.js';
import { propertiesOf } from '../../kit/properties.js';
import { ipv4, ipv6 } from '../../kit/random-hosts.js';
import { ALLOWED_HOSTS, ALLOWED_ORIGINS, at, CALLERS } from './allowed-callers.js';

const PORT = 18_789;
const OTHER_PORT = PORT + 1;
const forAll = propertiesOf('Host and Origin');

/** Texts near the ones that are allowed, where the mistakes are. */
function near(allowed: readonly string[]): Arbitrary<string> {
  const piece = fc.constantFrom(
    '',
    '.',
    ':',
    '@',
    '/',
    '#',
    '?',
    '\\',
    ' ',
    '\t',
    ',',
    '%',
    '[',
    ']',
    '0',
    'evil.example',
  );
  const edit = fc.record({ place: fc.nat(40), cut: fc.nat(2), put: fc.oneof(piece, fc.string({ maxLength: 3 })) });
  return fc
    .tuple(fc.constantFrom(...allowed), fc.array(edit, { maxLength: 3 }), fc.boolean())
    .map(([text, edits, up]) => {
      let edited = at(PORT, text);
      for (const { place, cut, put } of edits) edited = edited.slice(0, place) + put + edited.slice(place + cut);
      return up ? edited.toUpperCase() : edited;
    });
}

describe('RequestGate', () => {
  const gate = new RequestGate(CALLERS);
  const end = { localAddress: '127.0.0.1', localPort: PORT };
  const hosts = new Set(ALLOWED_HOSTS.map((host) => at(PORT, host)));
  const origins = new Set(ALLOWED_ORIGINS.map((origin) => at(PORT, origin)));
  const authority = fc.tuple(fc.oneof(ipv4, ipv6, fc.domain()), fc.constantFrom(PORT, OTHER_PORT, 80, 443));

  it('allows the hosts that are its own, and no others', () => {
    const anyHost = fc.oneof(
      near(ALLOWED_HOSTS),
      fc.string(),
      authority.map(([name, port]) => `${name}:${port}`),
      fc.webAuthority({ withPort: true, withUserInfo: true, withIPv4Extended: true, withIPv6: true }),
    );
    forAll(anyHost, (host) => expect(gate.isHostAllowed(host, end)).toBe(hosts.has(host.toLowerCase())));
  });

  it('allows the origins that are its own, and no others', () => {
    const anyOrigin = fc.oneof(
      near(ALLOWED_ORIGINS),
      fc.string(),
      fc.webUrl(),
      authority.map(([name, port]) => `http://${name}:${port}`),
    );
    forAll(anyOrigin, (origin) => expect(gate.isOriginAllowed(origin, end)).toBe(origins.has(origin.toLowerCase())));
  });

  it('allows the address that a client has reached, as an IP address only', () => {
    forAll(fc.tuple(ipv4, fc.nat(65_534)), ([address, port]) => {
      const reached = { localAddress: `::ffff:${address}`, localPort: port + 1 };
      expect(gate.isHostAllowed(`${address}:${port + 1}`, reached)).toBe(true);
      expect(gate.isHostAllowed(`${address}.evil.example:${port + 1}`, reached)).toBe(false);
      expect(gate.isHostAllowed(`${address}:${port + 2}`, reached)).toBe(false);
    });
  });

  it('knows an IPv6 address in its brackets, without the zone that only this machine knows', () => {
    const reached = { localAddress: 'fe80::1%eth0', localPort: PORT };
    expect(gate.isHostAllowed(`[fe80::1]:${PORT}`, reached)).toBe(true);
    expect(gate.isHostAllowed(`[fe80::2]:${PORT}`, reached)).toBe(false);
  });

  it('takes the default port of HTTPS for a name without one where the client speaks TLS', () => {
    const behindTls = new RequestGate({ hosts: ['gateway.example:443'], origins: [] });
    expect(behindTls.isHostAllowed('gateway.example', end, true)).toBe(true);
    expect(behindTls.isHostAllowed('gateway.example', end)).toBe(false);
    expect(gate.isHostAllowed('localhost', { ...end, localPort: 80 }, true)).toBe(false);
  });

  it('knows that the default port of HTTP is left out', () => {
    const onDefault = { localAddress: '127.0.0.1', localPort: 80 };
    expect(gate.isHostAllowed('localhost', onDefault)).toBe(true);
    expect(gate.isHostAllowed('evil.example', onDefault)).toBe(false);
    expect(gate.isOriginAllowed('http://localhost', onDefault)).toBe(true);
    expect(gate.isOriginAllowed('https://localhost', onDefault)).toBe(false);
  });

  it('allows nothing at the end of a connection that is gone', () => {
    expect(gate.isHostAllowed('127.0.0.1', {})).toBe(false);
    expect(gate.isHostAllowed('127.0.0.1:undefined', {})).toBe(false);
    expect(gate.isHostAllowed('', {})).toBe(false);
  });

  it.each([
    '',
    '*',
    '*.example',
    'a b',
    'http://gateway.example',
    'gateway.example/',
    'user@gateway.example',
    'gateway.example:',
    'gateway.example:0',
    'gateway.example:080',
    'gateway.example:65536',
    'gateway.example:99999',
    '::1',
    'gäteway.example',
  ])('refuses %j as an allowed host, in one line that names it', (host) => {
    expect(() => new RequestGate({ hosts: [host], origins: [] })).toThrow(
      new InputError(
        `${JSON.stringify(host)} is not an allowed host: give one such as gateway.example or gateway.example:8443`,
      ),
    );
  });

  it.each([
    '',
    '*',
    'null',
    'app.example',
    'https://',
    'https://*.example',
    'https://app.example/',
    'https://app.example/path',
    'https://user@app.example',
    'https://app.example:',
    'https://app.example:65536',
    'https://app.example https://other.example',
    '//app.example',
  ])('refuses %j as an allowed origin, in one line that names it', (origin) => {
    expect(() => new RequestGate({ hosts: [], origins: [origin] })).toThrow(
      new InputError(`${JSON.stringify(origin)} is not an allowed origin: give one such as https://app.example`),
    );
  });
});

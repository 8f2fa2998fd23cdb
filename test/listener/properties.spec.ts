import { isIP } from 'node:net';

import fc from 'fast-check';

import { requestPath } from '../../src/serving/request-path.js';
import {
  addressOfUrl,
  addressSet,
  gatewayUrl,
  ipv6Groups,
  isLoopbackHost,
  parseListenHost,
} from '../../src/listener/listen-address.js';
import { printable } from '../../src/common/printable.js';
import { InputError } from '../../src/common/input.error.js';
import { choosePort } from '../../src/config/choose-port.js';
import type { Place } from '../../src/config/place.js';
import { propertiesOf } from '../kit/properties.js';
import { anyHost, ipv4, ipv6, spelledTwice } from '../kit/random-hosts.js';

/** Line breaks, and what else a terminal acts on. */
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u001f]/;

const forAll = propertiesOf('what is parsed');

const port = fc.integer({ min: 1, max: 65535 });
const codeUnits = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), codeUnits);

describe('choosePort', () => {
  const portTexts = new Set(Array.from({ length: 65535 }, (_, index) => String(index + 1)));
  const sign = fc.constantFrom('', '', '+', '-', '0', '0x', ' ', '\n', '٣');
  const almostPort = fc.tuple(sign, fc.integer({ min: -1, max: 70_000 }), fc.constantFrom('', '', '.0', 'e1', '\n'));
  const text = fc.oneof(
    anyText,
    almostPort.map((parts) => parts.join('')),
  );

  it('takes 1 to 65535 in decimal digits and nothing else, and never falls back to the default', () => {
    forAll(text, (value) => {
      const outcome = outcomeOf({ source: '--port', value });
      if (portTexts.has(value)) expect(outcome).toBe(Number(value));
      else expect(outcome).toBeInstanceOf(InputError);
    });
  });

  it('says in one line where the wrong value was given, and what it was', () => {
    forAll(
      text.filter((value) => !portTexts.has(value)),
      (value) => {
        const { message } = outcomeOf({ source: 'OPENCLAW_GATEWAY_PORT', value }) as InputError;
        expect(message.startsWith(`OPENCLAW_GATEWAY_PORT: ${printable(JSON.stringify(value))} is not a port; `)).toBe(
          true,
        );
        expect(message).not.toMatch(CONTROL_CHARACTERS);
      },
    );
  });

  it('takes the first place that gives one, unless any place gives something wrong', () => {
    const value = fc.oneof(fc.constant(undefined), port.map(String), text);
    forAll(fc.array(value, { maxLength: 4 }), (values) => {
      const outcome = outcomeOf(...values.map((value, index) => ({ source: `place ${index}`, value })));
      const wrong = values.findIndex((value) => value !== undefined && !portTexts.has(value));
      if (wrong === -1) expect(outcome).toBe(Number(values.find((value) => value !== undefined) ?? 18789));
      else expect((outcome as InputError).message).toMatch(new RegExp(`^place ${wrong}: `));
    });
  });

  function outcomeOf(...places: Place<string>[]): unknown {
    try {
      return choosePort('default', ...places);
    } catch (error) {
      return error;
    }
  }
});

describe('parseListenHost', () => {
  const decorated = fc
    .tuple(
      fc.constantFrom('', ' ', '[', '0', '::ffff:'),
      anyHost,
      fc.constantFrom('', ' ', ']', ':80', '/64', '%', '.'),
    )
    .map((parts) => parts.join(''));

  it('takes IP addresses and localhost, and refuses the rest in one line that names it', () => {
    forAll(fc.oneof(anyHost, decorated, anyText, fc.domain(), fc.ipV4Extended()), (text) => {
      if (text === 'localhost' || isIP(text)) {
        const parsed = parseListenHost(text);
        expect(parsed === 'localhost' || isIP(parsed) > 0).toBe(true);
        return;
      }
      const error = errorOf(() => parseListenHost(text));
      expect(error).toBeInstanceOf(InputError);
      const { message } = error;
      expect(message.startsWith(`${printable(JSON.stringify(text))} is not a host to listen on: `)).toBe(true);
      expect(message).not.toMatch(CONTROL_CHARACTERS);
    });
  });

  it('leaves alone what it has returned', () => {
    forAll(anyHost, (text) => expect(parseListenHost(parseListenHost(text))).toBe(parseListenHost(text)));
  });

  it('gives one result for all spellings of an IPv6 address, and another for every other address', () => {
    forAll(fc.tuple(spelledTwice, spelledTwice), ([address, second]) => {
      expect(parseListenHost(address.one)).toBe(parseListenHost(address.other));
      const same = address.groups.join() === second.groups.join();
      expect(parseListenHost(address.one) === parseListenHost(second.one)).toBe(same);
    });
  });

  it('takes an IPv4 address in IPv6 clothes for what it is', () => {
    forAll(
      fc.tuple(ipv4, fc.constantFrom('::ffff:', '::FFFF:', '0:0:0:0:0:ffff:', '0::0:ffff:')),
      ([address, prefix]) => expect(parseListenHost(prefix + address)).toBe(address),
    );
  });

  function errorOf(action: () => unknown): Error {
    try {
      action();
    } catch (error) {
      return error as Error;
    }
    throw new Error('it was taken');
  }
});

describe('ipv6Groups', () => {
  it('gives the eight groups of a canonical address, with and without a gap', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });
    forAll(groups, (groups) => {
      const spelled = groups.map((group) => group.toString(16)).join(':');
      expect(ipv6Groups(spelled)).toEqual(groups);
      expect(ipv6Groups(new URL(`http://[${spelled}]`).hostname.slice(1, -1))).toEqual(groups);
    });
  });
});

describe('addressSet', () => {
  const platform = fc.constantFrom<NodeJS.Platform>('linux', 'darwin', 'win32', 'freebsd');

  it('begins with 127.0.0.1 or, on Linux alone, with a wildcard in its place, and has what was asked for', () => {
    forAll(fc.tuple(anyHost, fc.boolean(), platform), ([text, ipv6Only, platform]) => {
      const asked = parseListenHost(text);
      const [first, ...others] = addressSet(asked, { ipv6Only, platform });

      const wildcard = first.host === '0.0.0.0' || (first.host === '::' && !first.ipv6Only);
      expect(first.host === '127.0.0.1' || (platform === 'linux' && wildcard)).toBe(true);
      expect(first.optional).toBe(false);
      expect(others.length).toBeLessThanOrEqual(platform === 'linux' && wildcard ? 0 : 1);
      const second = asked === 'localhost' ? '::1' : asked;
      expect((others[0] ?? first).host).toBe(second);
      expect(others.some(({ optional }) => optional)).toBe(asked === 'localhost');
    });
  });
});

describe('isLoopbackHost', () => {
  it('is true of 127.0.0.0/8, ::1 and localhost, in every spelling, and of nothing else', () => {
    const loopback = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((low) => `127.${low.join('.')}`);
    forAll(fc.oneof(anyHost, loopback, fc.constantFrom('::1', '0:0::1', '127.0.0.1', '0.0.0.0', '::')), (text) => {
      const host = parseListenHost(text);
      const expected = host === 'localhost' || host === '::1' || (isIP(host) === 4 && /^127[.]/.test(host));
      expect(isLoopbackHost(host)).toBe(expected);
    });
  });

  it.each(['127.0.0.1.evil.example', '127.evil.example', '1127.0.0.1', '12.7.0.0', '::2', 'fe80::1', '::1%eth0', ''])(
    'is false of %j',
    (text) => expect(isLoopbackHost(text)).toBe(false),
  );
});

describe('gatewayUrl', () => {
  it('is a URL that gives back the host and the port', () => {
    forAll(fc.tuple(fc.oneof(ipv4, ipv6), port), ([host, port]) => {
      const url = new URL(gatewayUrl(host, port));
      expect(url.protocol).toBe('ws:');
      expect(parseListenHost(url.hostname.replace(/^\[|\]$/g, ''))).toBe(parseListenHost(host));
      // URL leaves out the default port of ws:.
      expect(Number(url.port || 80)).toBe(port);
    });
  });
});

describe('addressOfUrl', () => {
  it('gives back what gatewayUrl was given, zones too', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('fe80::1%eth0', '::1%1'));
    forAll(fc.tuple(host, fc.integer({ min: 1, max: 65_535 })), ([host, port]) =>
      expect(addressOfUrl(gatewayUrl(host, port))).toEqual({ host, port }),
    );
  });

  it('gives no address for anything else', () => {
    expect(addressOfUrl('http://example.test')).toEqual({ host: '', port: NaN });
  });
});

describe('requestPath', () => {
  const pathOf = (url: string | undefined): string => requestPath({ url });
  const target = fc.array(fc.oneof(anyText, fc.constantFrom('/', '//', '?', '#', '@', ':', '[', '%', '\\', 'http:')));

  it('has a path for whatever a client sends', () => {
    forAll(
      fc.oneof(
        anyText,
        fc.webUrl(),
        target.map((parts) => parts.join('')),
        fc.constant(undefined),
      ),
      (url) => expect(typeof pathOf(url)).toBe('string'),
    );
  });

  it('is no other path than the one that the app is given', () => {
    for (const disguise of ['/x/../healthz', '/./healthz', '//healthz', '/%68ealthz', '\\healthz', 'http:/healthz']) {
      expect(pathOf(disguise)).toBe(disguise);
    }
  });

  it('leaves out the query, and the origin of an absolute URL', () => {
    const path = fc.constantFrom('/', '/healthz', '/.well-known/gateway');
    const origin = fc.oneof(
      fc.constant(''),
      fc.webAuthority().map((authority) => `http://${authority}`),
    );
    forAll(fc.tuple(origin, path, fc.webQueryParameters()), ([origin, path, query]) =>
      expect(pathOf(`${origin}${path}?${query}`)).toBe(path),
    );
  });
});

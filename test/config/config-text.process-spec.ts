import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { InputError } from '../../src/common/input.error.js';
import { readConfiguration } from '../../src/config/config-file.js';
import type { Configured } from '../../src/config/configuration.js';
import { parseConfiguration } from '../../src/config/config-text.js';
import { snapshot } from '../kit/snapshot.js';
import { tempFolder } from '../kit/temp.js';

const FILE = '/home/user/.openclaw/openclaw.json';
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u001f]/;

const parse = (text: string): Configured => parseConfiguration(text, FILE);

function errorOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a configuration', () => {
  it('is JSON5, with the keys of other programs in it', () => {
    const text = `// by hand
    {
      agents: { list: [{ id: 'main' }] },
      gateway: {
        mode: 'local', port: 0x4965, bind: 'lan', customBindHost: 7, tls: null,
        auth: { mode: 'token', token: 'a-token-of-a-file', password: 5 },
      },
      gatewayLock: { allowHosts: ['gateway.example'], allowOrigins: [], },
    }`;

    expect(parse(text)).toEqual({
      port: 18789,
      host: '0.0.0.0',
      token: 'a-token-of-a-file',
      allowHosts: ['gateway.example'],
      allowOrigins: [],
      warnings: [`${FILE}: gateway.auth.password is not supported; this gateway uses a token`],
    });
  });

  it.each(['{}', '{ gateway: {} }', '{ gateway: { auth: {} }, gatewayLock: {} }', '\ufeff{"other": [1, 2]}'])(
    'may say nothing of ours: %j',
    (text) => {
      expect(Object.values(parse(text)).filter((value) => value !== undefined)).toEqual([]);
    },
  );

  it.each([
    ["'loopback'", 'localhost'],
    ["'auto'", 'localhost'],
    ["'localhost'", 'localhost'],
    ["'lan'", '0.0.0.0'],
    ["'custom', customBindHost: '192.0.2.7'", '192.0.2.7'],
    ["'192.0.2.8', customBindHost: 'not looked at'", '192.0.2.8'],
    ["'0:0:0:0:0:0:0:1'", '::1'],
    ["'::'", '::'],
  ])('binds %s as %s', (bind, host) => {
    expect(parse(`{ gateway: { bind: ${bind} } }`).host).toBe(host);
  });

  it.each([
    ['[]', ': a list is not a configuration; give an object such as { gateway: { port: 18789 } }'],
    ['null', ': null is not a configuration; give an object such as { gateway: { port: 18789 } }'],
    ['{ gateway: 18789 }', ': gateway: 18789 is not an object; give one such as { port: 18789 }, or leave it out'],
    ['{ gateway: [] }', ': gateway: a list is not an object; give one such as { port: 18789 }, or leave it out'],
    ...['"18789"', '0', '65536', '-1', '1.5', 'Infinity', 'NaN', 'null', 'true'].map((port) => [
      `{ gateway: { port: ${port} } }`,
      `: gateway.port: ${port} is not a port; give a whole number from 1 to 65535, or leave it out`,
    ]),
    [
      '{ gateway: { port: { $env: "PORT" } } }',
      ': gateway.port: an object is not a port; give a whole number from 1 to 65535, or leave it out',
    ],
    ...['"public"', '"toString"', '""', '"192.0.2.1:80"', '5'].map((bind) => [
      `{ gateway: { bind: ${bind} } }`,
      `: gateway.bind: ${bind} is not an address to bind; give loopback, lan, custom, localhost or an IP address, or leave it out`,
    ]),
    [
      '{ gateway: { bind: "custom" } }',
      ': gateway.customBindHost: nothing is not an IP address, which bind: "custom" needs; give one, or leave bind out',
    ],
    [
      '{ gateway: { bind: "custom", customBindHost: "nas" } }',
      ': gateway.customBindHost: "nas" is not an IP address, which bind: "custom" needs; give one, or leave bind out',
    ],
    [
      `{ gateway: { bind: "${'x'.repeat(200)}" } }`,
      `: gateway.bind: "${'x'.repeat(80)}"… is not an address to bind; give loopback, lan, custom, localhost or an IP address, or leave it out`,
    ],
    [
      '{ gatewayLock: { allowHosts: "secret" } }',
      ': gatewayLock.allowHosts: "secret" is not a list of strings; give one such as ["gateway.example"], or leave it out',
    ],
    [
      '{ gatewayLock: { allowOrigins: ["https://a.example", 5] } }',
      ': gatewayLock.allowOrigins.1: 5 is not a string, of which this is a list; give one such as ["https://app.example"], or leave it out',
    ],
    [
      '{ gatewayLock: { allowHost: ["gateway.example"] } }',
      ': gatewayLock.allowHost is not known here; give allowHosts, allowOrigins or fleet, or leave it out',
    ],
    [
      '{ gatewayLock: { "\u001b[2J\u009b31m\u202e": 1 } }',
      ': gatewayLock.\ufffd[2J\ufffd31m\ufffd is not known here; give allowHosts, allowOrigins or fleet, or leave it out',
    ],
    [
      '{ gatewayLock: true }',
      ': gatewayLock: true is not an object; give one such as { allowHosts: ["gateway.example"] }, or leave it out',
    ],
    ['', ': line 1, column 1 is not JSON5: fix it there, or name another file with OPENCLAW_CONFIG_PATH'],
    [
      '{\n  gateway: {\n    port = 5 } }',
      ': line 3, column 10 is not JSON5: fix it there, or name another file with OPENCLAW_CONFIG_PATH',
    ],
  ])('refuses %j with one line', (text, line) => {
    expect(errorOf(text)).toBe(`${FILE}${line}`);
  });

  it.each([
    '{ gateway: { auth: { token: ["keep-it-secret"] } } }',
    '{ gateway: { auth: { token: 12345678 } } }',
    '{ gateway: { auth: { token: null } } }',
    '{ gateway: { auth: { token: { source: "env", id: "keep-it-secret" } } } }',
    '{ gateway: { auth: { token: "keep-it-secret ${TOKEN}" } } }',
    '{ gateway: { auth: "keep-it-secret" } }',
    '{ gateway: { auth: { token: "keep-it-secret } } }',
    '{ gateway: { auth: { token: keep-it-secret } } }',
    '{ gatewayLock: { token: "keep-it-secret" } }',
  ])('refuses %s without showing it', (text) => {
    const message = errorOf(text);

    expect(message).toMatch(/^\S+: (gateway\.auth|gatewayLock\.token|line 1, column \d+ is not JSON5)/);
    expect(message).not.toMatch(/keep|12345678|\n/);
  });

  it('says why there is no host in "tailnet"', () => {
    const { host, hostProblem } = parse('{ gateway: { bind: "tailnet" } }');

    expect(host).toBeUndefined();
    expect(hostProblem).toContain('gateway.bind: "tailnet"');
    expect(hostProblem).toContain('--host <address>');
  });

  it('of any text is taken, or refused in one line that begins with the file', () => {
    const json = fc.json();
    const ours = fc.record(
      {
        gateway: fc.record(
          {
            port: fc.anything(),
            bind: fc.oneof(fc.string(), fc.constantFrom('lan', 'auto', 'custom'), fc.anything()),
            customBindHost: fc.anything(),
            auth: fc.oneof(fc.anything(), fc.record({ token: fc.anything() })),
          },
          { requiredKeys: [] },
        ),
        gatewayLock: fc.oneof(fc.anything(), fc.record({ allowHosts: fc.anything(), allowOrigins: fc.anything() })),
      },
      { requiredKeys: [] },
    );
    // A number without an equal in JSON ends the writing of it.
    const text = ours.map((value) =>
      JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? Number(part) : part)),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), json, text), (text) => {
        let configured: Configured;
        try {
          configured = parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          expect((error as Error).message.startsWith(`${FILE}: `)).toBe(true);
          expect((error as Error).message).not.toMatch(CONTROL_CHARACTERS);
          return;
        }
        const { port = 1, token = '', host = '', allowHosts = [], allowOrigins = [] } = configured;
        expect(Number.isInteger(port) && port >= 1 && port <= 65_535).toBe(true);
        for (const part of [token, host, ...allowHosts, ...allowOrigins]) expect(typeof part).toBe('string');
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives back every port that it holds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), fc.constantFrom(10, 16), (port, base) => {
        const text = base === 16 ? `0x${port.toString(16)}` : String(port);
        expect(parse(`{gateway:{port:${text}}}`).port).toBe(port);
      }),
    );
  });
});

describe('a configuration file', () => {
  it('may be missing, and so may its folder', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'file'), '');
    for (const file of [join(folder, 'none'), join(folder, 'none/none'), join(folder, 'file/none')]) {
      expect(await readConfiguration(file)).toEqual({ file, exists: false });
    }
  });

  it('is read and left as it is', async () => {
    const folder = tempFolder();
    const file = join(folder, 'openclaw.json');
    writeFileSync(file, '{ gateway: { port: 5000 }, other: 1 }');
    const before = snapshot(folder);

    expect(await readConfiguration(file)).toMatchObject({ file, exists: true, port: 5000 });

    expect(snapshot(folder)).toEqual(before);
  });

  it('must not be a folder, nor lead in a circle, nor have no end', async () => {
    const folder = tempFolder();
    const [inside, circle] = [join(folder, 'folder'), join(folder, 'circle')];
    const [pipe, huge] = [join(folder, 'pipe'), join(folder, 'huge')];
    mkdirSync(inside);
    symlinkSync(circle, circle);
    spawnSync('mkfifo', [pipe]);
    writeFileSync(huge, '');
    truncateSync(huge, 2 ** 32);

    await expect(readConfiguration(inside)).rejects.toThrow(
      `${inside}: the configuration has to be a file, and this is a folder: move it away, or name another file with OPENCLAW_CONFIG_PATH`,
    );
    await expect(readConfiguration(circle)).rejects.toThrow(
      `${circle}: the configuration cannot be read (ELOOP): fix the file, or name another with OPENCLAW_CONFIG_PATH`,
    );
    await expect(readConfiguration(pipe)).rejects.toThrow(
      `${pipe}: the configuration cannot be read (not a file): fix the file, or name another with OPENCLAW_CONFIG_PATH`,
    );
    await expect(readConfiguration(huge)).rejects.toThrow(
      `${huge}: the configuration cannot be read (more than 1048576 bytes): fix the file, or name another with OPENCLAW_CONFIG_PATH`,
    );
  });
});

import { parseConfiguration } from '../../src/config/config-text.js';
import type { Configured } from '../../src/config/configuration.js';
import { refuseRemoteMode } from '../../src/config/local-mode.js';
import { WarnOfConfiguration } from '../../src/config/warn-of-configuration.service.js';
import { InputError } from '../../src/common/input.error.js';
import { Logger } from '@nestjs/common';

const FILE = '/home/user/.openclaw/openclaw.json';
const SECRET = 'a-secret-of-the-operator';

const parse = (gateway: object): Configured => parseConfiguration(JSON.stringify({ gateway }), FILE);

describe('a key that changes who may get in', () => {
  it.each<[object, string]>([
    [{ auth: { mode: 'password' } }, 'gateway.auth.mode "password" is not supported; this gateway uses a token'],
    [{ auth: { mode: 'none' } }, 'gateway.auth.mode "none" is not supported; this gateway uses a token'],
    [
      { auth: { mode: 'trusted-proxy' } },
      'gateway.auth.mode "trusted-proxy" is not supported; this gateway uses a token',
    ],
    [{ auth: { mode: SECRET } }, 'gateway.auth.mode is not supported; this gateway uses a token'],
    [{ auth: { password: SECRET } }, 'gateway.auth.password is not supported; this gateway uses a token'],
    [
      { auth: { password: { source: 'env', id: 'P' } } },
      'gateway.auth.password is not supported; this gateway uses a token',
    ],
    [
      { auth: { allowTailscale: true } },
      'gateway.auth.allowTailscale is not supported; clients that come through Tailscale show the token too',
    ],
    [
      { auth: { rateLimit: { maxAttempts: 3 } } },
      'gateway.auth.rateLimit is not supported; this gateway limits guesses in its own way',
    ],
    [{ token: SECRET }, 'gateway.token is not supported; write the token into gateway.auth.token'],
    [{ mode: 'elsewhere' }, 'gateway.mode is not supported; this gateway takes it for "local"'],
    [
      { tailscale: { mode: 'funnel' } },
      'gateway.tailscale.mode "funnel" is not supported; run tailscale yourself, and name its host with --allow-host',
    ],
    [
      { tls: { enabled: true } },
      'gateway.tls.enabled is not supported; this gateway speaks ws:// without TLS: put a proxy that speaks TLS before it',
    ],
    [
      { allowRealIpFallback: true },
      'gateway.allowRealIpFallback is not supported; a trusted proxy has to send X-Forwarded-For',
    ],
    [
      { controlUi: { allowInsecureAuth: true } },
      'gateway.controlUi.allowInsecureAuth is not supported; every client shows the token',
    ],
    [
      { controlUi: { dangerouslyDisableDeviceAuth: true } },
      'gateway.controlUi.dangerouslyDisableDeviceAuth is not supported; every client shows the token',
    ],
    [
      { controlUi: { dangerouslyAllowHostHeaderOriginFallback: true } },
      'gateway.controlUi.dangerouslyAllowHostHeaderOriginFallback is not supported; name the origins in gateway.controlUi.allowedOrigins',
    ],
    [
      { controlUi: { allowedOrigins: ['*'] } },
      'gateway.controlUi.allowedOrigins "*" is not supported; give each origin itself, such as https://app.example',
    ],
    [
      { controlUi: { allowedOrigins: 'https://app.example' } },
      'gateway.controlUi.allowedOrigins is not a list, and allows no origin',
    ],
  ])('is named where it is not followed: %j', (gateway, line) => {
    const { warnings } = parse(gateway);
    expect(warnings).toEqual([`${FILE}: ${line}`]);
    expect(String(warnings)).not.toContain(SECRET);
  });

  it.each([
    { mode: 'local' },
    { mode: 'remote' },
    { auth: { mode: 'token', allowTailscale: false } },
    { tls: { enabled: false }, tailscale: { mode: 'off' }, allowRealIpFallback: false },
    { controlUi: { allowedOrigins: ['https://app.example'], allowInsecureAuth: false } },
    { remote: { url: 'wss://elsewhere.example', token: 'x' }, reload: { mode: 'hot' } },
    { controlUi: null },
  ])('is not named where it means what this gateway does: %j', (gateway) => {
    expect(parse(gateway).warnings).toBeUndefined();
  });

  it('is in the log of a start, once each', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    new WarnOfConfiguration({ file: FILE, exists: true, warnings: ['one', 'two'] }).onApplicationBootstrap();
    new WarnOfConfiguration({ file: FILE, exists: false }).onApplicationBootstrap();
    expect(warn.mock.calls).toEqual([['one'], ['two']]);
    warn.mockRestore();
  });
});

describe('a gateway that is said to run on another machine', () => {
  const configuration = { file: FILE, exists: true, ...parse({ mode: 'remote' }) };

  it('is not started', () => {
    expect(() => refuseRemoteMode(configuration)).toThrow(
      new InputError(
        `${FILE}: gateway.mode "remote" says that the gateway runs on another machine: set it to "local", or give --allow-unconfigured`,
      ),
    );
  });

  it('is started all the same where the operator says so, and so is any other', () => {
    refuseRemoteMode(configuration, true);
    refuseRemoteMode({ file: FILE, exists: true, ...parse({ mode: 'local' }) });
    refuseRemoteMode({ file: FILE, exists: false });
  });
});

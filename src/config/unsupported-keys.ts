import { checkOrigin } from '../control/access/request-gate.js';

/** A key of OpenClaw that decides who may get in, and that this gateway does not follow. */
interface UnsupportedKey {
  readonly path: string;
  /** The values that mean what this gateway does anyway. */
  readonly harmless: readonly unknown[];
  /** What this gateway does instead, and the way out. */
  readonly instead: string;
  /**
   * The values that the warning may show: any other text could be a secret in a wrong place.
   * @default none
   */
  readonly shown?: readonly string[];
}

const ORIGINS_PATH = 'gateway.controlUi.allowedOrigins';
const USES_TOKEN = 'this gateway uses a token';

const KEYS: readonly UnsupportedKey[] = [
  { path: 'gateway.mode', harmless: ['local', 'remote'], instead: 'this gateway takes it for "local"' },
  {
    path: 'gateway.auth.mode',
    harmless: ['token'],
    shown: ['none', 'password', 'trusted-proxy'],
    instead: USES_TOKEN,
  },
  { path: 'gateway.auth.password', harmless: [], instead: USES_TOKEN },
  {
    path: 'gateway.auth.allowTailscale',
    harmless: [false],
    instead: 'clients that come through Tailscale show the token too',
  },
  { path: 'gateway.auth.rateLimit', harmless: [], instead: 'this gateway limits guesses in its own way' },
  { path: 'gateway.token', harmless: [], instead: 'write the token into gateway.auth.token' },
  {
    path: 'gateway.tailscale.mode',
    harmless: ['off'],
    shown: ['serve', 'funnel'],
    instead: 'run tailscale yourself, and name its host with --allow-host',
  },
  {
    path: 'gateway.tls.enabled',
    harmless: [false],
    instead: 'this gateway speaks ws:// without TLS: put a proxy that speaks TLS before it',
  },
  {
    path: 'gateway.allowRealIpFallback',
    harmless: [false],
    instead: 'a trusted proxy has to send X-Forwarded-For',
  },
  { path: 'gateway.controlUi.allowInsecureAuth', harmless: [false], instead: 'every client shows the token' },
  {
    path: 'gateway.controlUi.dangerouslyDisableDeviceAuth',
    harmless: [false],
    instead: 'every client shows the token',
  },
  {
    path: 'gateway.controlUi.dangerouslyAllowHostHeaderOriginFallback',
    harmless: [false],
    instead: `name the origins in ${ORIGINS_PATH}`,
  },
];

/**
 * A line for each key that would change who may get in, and does not here: nothing of an operator's access rules is left
 * out without a word. None of these lines shows a secret.
 *
 * @param configuration the whole content of the file
 * @param file its name in the lines
 */
export function unsupportedKeys(configuration: unknown, file: string): string[] {
  return KEYS.flatMap(({ path, harmless, shown = [], instead }) => {
    const value = valueAt(configuration, path);
    if (value === undefined || harmless.includes(value)) return [];
    const what = shown.some((one) => one === value) ? `${path} ${JSON.stringify(value)}` : path;
    return [`${file}: ${what} is not supported; ${instead}`];
  });
}

/** The origins that OpenClaw's own key allows, and a line for each that is not one here: the others count. */
export function originsOfControlUi(
  configuration: unknown,
  file: string,
): { readonly origins: readonly string[] | undefined; readonly warnings: readonly string[] } {
  const given = valueAt(configuration, ORIGINS_PATH);
  if (given === undefined) return { origins: undefined, warnings: [] };
  if (!Array.isArray(given)) {
    return { origins: undefined, warnings: [`${file}: ${ORIGINS_PATH} is not a list, and allows no origin`] };
  }
  const origins = given.filter(isOrigin);
  const warnings = given
    .filter((one) => !isOrigin(one))
    .map(
      (one) =>
        `${file}: ${ORIGINS_PATH} ${JSON.stringify(one)} is not supported; give each origin itself, such as https://app.example`,
    );
  return { origins, warnings };
}

function isOrigin(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  try {
    checkOrigin(value);
    return true;
  } catch {
    return false;
  }
}

/** The value at a path of keys; `undefined` where one of them is missing. */
export function valueAt(root: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined,
      root,
    );
}

import JSON5 from 'json5';
import * as v from 'valibot';

import { InputError } from '../common/input.error.js';
import { MAX_PORT, parseListenHost } from '../listener/listen-address.js';
import { hostOfBind } from './bind.js';
import type { Configured } from './configuration.js';
import { originsOfControlUi, unsupportedKeys, valueAt } from './unsupported-keys.js';

const PORT_RULE = `is not a port; give a whole number from 1 to ${MAX_PORT}, or leave it out`;
const BIND_RULE = 'is not an address to bind; give loopback, lan, custom, localhost or an IP address, or leave it out';
const CUSTOM_RULE = 'is not an IP address, which bind: "custom" needs; give one, or leave bind out';
const TOKEN_RULE = 'has to be a string; write the token itself there, or leave it out and set OPENCLAW_GATEWAY_TOKEN';
const SECTION_RULE = 'is not an object; give one such as { allowHosts: ["gateway.example"] }, or leave it out';
/** Does not show the value, which may be a token in a wrong place. */
const KEY_RULE = 'is not known here; give allowHosts, allowOrigins or fleet, or leave it out';
/** Does not show the value either: it may be a URL with a password. */
const FLEET_KEY_RULE = 'is not known here; give name, urlFile, advertise or strict, or leave it out';
const FLEET_RULE =
  'is not an object; give one such as { name: "office", urlFile: "/etc/openclaw/fleet-url" }, or leave it out';
const TEXT_RULE = 'is not a string; give one, or leave it out';
const FLAG_RULE = 'is neither true nor false; give one of them, or leave it out';

/** Other programs that share this file fill it in. Taken literally, it would be a token that every attacker can guess. */
const VARIABLE_REFERENCE = /\$\{[A-Z_][A-Z0-9_]*\}/;

const SECRET_PATH = /^gateway\.auth(\.|$)/;
/** In characters. */
const MAX_SHOWN = 80;

const CUSTOM = 'custom';
const TAILNET = 'tailnet';

const Hosts = listOf('gateway.example');
const Origins = listOf('https://app.example');
const Proxies = listOf('127.0.0.1');

const Fleet = v.pipe(
  object(FLEET_RULE),
  v.strictObject(
    {
      name: v.optional(v.string(TEXT_RULE)),
      urlFile: v.optional(v.string(TEXT_RULE)),
      advertise: v.optional(v.string(TEXT_RULE)),
      strict: v.optional(v.boolean(FLAG_RULE)),
    },
    FLEET_KEY_RULE,
  ),
);

const ConfigurationSchema = section('is not a configuration; give an object such as { gateway: { port: 18789 } }', {
  gateway: v.optional(
    section('is not an object; give one such as { port: 18789 }, or leave it out', {
      port: v.optional(
        v.pipe(v.number(PORT_RULE), v.integer(PORT_RULE), v.minValue(1, PORT_RULE), v.maxValue(MAX_PORT, PORT_RULE)),
      ),
      bind: v.optional(v.pipe(v.string(BIND_RULE), v.check(isBind, BIND_RULE))),
      customBindHost: v.optional(v.unknown()),
      trustedProxies: v.optional(Proxies),
      auth: v.optional(
        section('has to be an object; give one such as { token: "…" }, or leave it out', {
          token: v.optional(v.string(TOKEN_RULE)),
        }),
      ),
    }),
  ),
  gatewayLock: v.optional(
    v.pipe(
      object(SECTION_RULE),
      v.strictObject(
        { allowHosts: v.optional(Hosts), allowOrigins: v.optional(Origins), fleet: v.optional(Fleet) },
        KEY_RULE,
      ),
    ),
  ),
});

/**
 * What the text of a configuration file says. Keys outside of our sections belong to other programs, and are not checked.
 *
 * @param file its name in errors, which never show a token
 * @throws {InputError} one line: the file, the place in it, the value, the rule and the way out
 */
export function parseConfiguration(text: string, file: string): Configured {
  const parsed = parseJson5(text, file);
  const { success, output, issues } = v.safeParse(ConfigurationSchema, parsed, { abortEarly: true });
  if (!success) {
    const [issue] = issues;
    const path = v.getDotPath(issue) ?? '';
    if (issue.message === KEY_RULE || issue.message === FLEET_KEY_RULE) {
      throw new InputError(`${file}: ${path} ${issue.message}`);
    }
    throw wrong(file, path, issue.input, issue.message);
  }
  const { gateway, gatewayLock } = output;
  const { origins, warnings } = originsOfControlUi(parsed, file);
  const unfollowed = [...unsupportedKeys(parsed, file), ...warnings];
  return {
    port: gateway?.port,
    ...hostOf(gateway ?? {}, file),
    token: literalToken(gateway?.auth?.token, file),
    allowHosts: gatewayLock?.allowHosts,
    allowOrigins: gatewayLock?.allowOrigins,
    controlUiOrigins: origins,
    trustedProxies: gateway?.trustedProxies,
    fleet: gatewayLock?.fleet,
    ...(valueAt(parsed, 'gateway.mode') === 'remote' && { isRemote: true }),
    ...(unfollowed.length > 0 && { warnings: unfollowed }),
  };
}

function parseJson5(text: string, file: string): unknown {
  try {
    return JSON5.parse<unknown>(text);
  } catch (error) {
    // The message of the parser shows the text at that place, which may be a part of the token.
    const { lineNumber, columnNumber } = error as { lineNumber?: number; columnNumber?: number };
    throw new InputError(
      `${file}: line ${lineNumber ?? 1}, column ${columnNumber ?? 1} is not JSON5: fix it there, or name another file with OPENCLAW_CONFIG_PATH`,
    );
  }
}

function literalToken(token: string | undefined, file: string): string | undefined {
  if (token === undefined || !VARIABLE_REFERENCE.test(token)) return token;
  throw new InputError(
    `${file}: gateway.auth.token refers to a variable, which is not filled in here: write the token itself, or leave it out and set OPENCLAW_GATEWAY_TOKEN`,
  );
}

function hostOf(
  { bind, customBindHost }: { bind?: string | undefined; customBindHost?: unknown },
  file: string,
): Pick<Configured, 'host' | 'hostProblem'> {
  if (bind === undefined) return {};
  if (bind === TAILNET) {
    return {
      hostProblem: `${file}: gateway.bind: "tailnet" is an address that only Tailscale knows; give it with --host <address>, or as gateway.bind`,
    };
  }
  if (bind !== CUSTOM) return { host: hostOfBind(bind) ?? parseListenHost(bind) };
  if (typeof customBindHost === 'string' && isListenHost(customBindHost)) {
    return { host: parseListenHost(customBindHost) };
  }
  throw wrong(file, 'gateway.customBindHost', customBindHost, CUSTOM_RULE);
}

function isBind(text: string): boolean {
  return hostOfBind(text) !== undefined || text === CUSTOM || text === TAILNET || isListenHost(text);
}

function isListenHost(text: string): boolean {
  try {
    parseListenHost(text);
    return true;
  } catch {
    return false;
  }
}

/** An object that may have further keys, of other programs. */
function section<T extends v.ObjectEntries>(rule: string, entries: T) {
  return v.pipe(object(rule), v.object(entries));
}

/** The `object` of valibot itself takes a list for one too. */
function object(rule: string) {
  return v.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), rule);
}

function listOf(example: string) {
  const wayOut = `give one such as ["${example}"], or leave it out`;
  return v.array(
    v.string(`is not a string, of which this is a list; ${wayOut}`),
    `is not a list of strings; ${wayOut}`,
  );
}

function wrong(file: string, path: string, value: unknown, rule: string): InputError {
  const place = path === '' ? file : `${file}: ${path}`;
  return new InputError(SECRET_PATH.test(path) ? `${place} ${rule}` : `${place}: ${shown(value)} ${rule}`);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return value.length > MAX_SHOWN ? `${JSON.stringify(value.slice(0, MAX_SHOWN))}…` : JSON.stringify(value);
    case 'number':
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'nothing';
    default:
      return value === null ? 'null' : 'an object';
  }
}

import { DEFAULT_TIMEOUT_MS, type FlagTable } from './flags.js';

/** Which gateway: these may stand before `gateway` too. */
export const PROFILE_FLAGS = {
  profile: {
    flags: '--profile <name>',
    description: 'a gateway of its own, with a port and a state folder of its own',
  },
  dev: { flags: '--dev', description: 'the same as --profile dev' },
} satisfies FlagTable;

export const JSON_FLAG = {
  json: { flags: '--json', description: 'one line of JSON on stdout, for scripts' },
} satisfies FlagTable;

export const PLACE_FLAGS = {
  port: {
    flags: '-p, --port <port>',
    description: 'the port (default: OPENCLAW_GATEWAY_PORT, or the one of the profile)',
  },
  host: { flags: '--host <address>', description: 'the IP address (default: localhost, 127.0.0.1 and ::1)' },
} satisfies FlagTable;

export const TOKEN_FLAG = {
  token: {
    flags: '--token <token>',
    description: "the gateway's token (default: OPENCLAW_GATEWAY_TOKEN, or the one in the state folder)",
  },
  tokenFile: {
    flags: '--token-file <path>',
    description:
      'a file that holds the token, which other users then cannot see (default: OPENCLAW_GATEWAY_TOKEN_FILE)',
  },
} satisfies FlagTable;

/** Where a gateway is, and how it is talked about. */
export const ADDRESS_FLAGS = { ...PLACE_FLAGS, ...PROFILE_FLAGS, ...JSON_FLAG, ...TOKEN_FLAG } satisfies FlagTable;

/** One active gateway of several hosts. */
export const FLEET_FLAGS = {
  fleet: {
    flags: '--fleet <name>',
    description: 'the fleet: gateways of several hosts, of which one is active (default: OPENCLAW_FLEET)',
  },
  fleetUrlFile: {
    flags: '--fleet-url-file <path>',
    description: 'a file that holds the URL of its PostgreSQL database (default: OPENCLAW_FLEET_URL, or its _FILE)',
  },
  fleetUrl: { flags: '--fleet-url <url>', description: 'the URL itself, where it has no password in it' },
} satisfies FlagTable;

/** What a gateway of a fleet is told beside. */
const MEMBER_FLAGS = {
  ...FLEET_FLAGS,
  fleetStrict: {
    flags: '--fleet-strict',
    description: 'after a death of the active gateway, wait until it has stopped in any case',
  },
  advertise: { flags: '--advertise <url>', description: 'where other hosts reach this gateway, as wss://host:port' },
} satisfies FlagTable;

/** Who is let in. */
const CALLER_FLAGS = {
  allowHost: {
    flags: '--allow-host <host>',
    description: 'a name that clients may call this gateway by, with or without a port; may be repeated',
    repeatable: true,
  },
  allowOrigin: {
    flags: '--allow-origin <origin>',
    description: 'a web page that may connect, as https://app.example; may be repeated',
    repeatable: true,
  },
  trustedProxy: {
    flags: '--trusted-proxy <address>',
    description: 'a proxy whose X-Forwarded headers count, as an IP address or 10.0.0.0/8; may be repeated',
    repeatable: true,
  },
} satisfies FlagTable;

/** What a gateway serves, and to whom. */
export const SERVING_FLAGS = {
  ...ADDRESS_FLAGS,
  ...CALLER_FLAGS,
  ...MEMBER_FLAGS,
  bind: { flags: '--bind <where>', description: 'loopback or lan, in place of --host' },
  auth: { flags: '--auth <how>', description: 'token, which it always is' },
  allowUnconfigured: {
    flags: '--allow-unconfigured',
    description: 'start also where gateway.mode in the configuration file is "remote"',
  },
  verbose: {
    flags: '-v, --verbose',
    description: 'log each request too; twice (-vv), all that Nest does as well',
    counted: true,
  },
} satisfies FlagTable;

/** What the service of a gateway is made from. */
export const SERVICE_FLAGS = {
  ...PLACE_FLAGS,
  ...PROFILE_FLAGS,
  ...CALLER_FLAGS,
  ...MEMBER_FLAGS,
  ...JSON_FLAG,
} satisfies FlagTable;

export const URL_FLAG = {
  url: {
    flags: '--url <url>',
    description: 'the gateway, as ws://host:port; --token or OPENCLAW_GATEWAY_TOKEN then too',
  },
} satisfies FlagTable;

export const REQUEST_FLAGS = {
  ...ADDRESS_FLAGS,
  ...URL_FLAG,
  ...timeoutFlag('how long it may take', DEFAULT_TIMEOUT_MS.request),
} satisfies FlagTable;

export function timeoutFlag(meaning: string, defaultMs: number): Required<Pick<FlagTable, 'timeout'>> {
  return { timeout: { flags: '--timeout <ms>', description: `${meaning} (default: ${defaultMs} ms)` } };
}

/** A flag in commander's notation, from which both parsers are made. */
export interface Flag {
  readonly flags: string;
  readonly description: string;
  /** Given again, it adds to what was given before. */
  readonly repeatable?: boolean;
}

/** Which gateway: these may stand before the command too. */
export const PROFILE_FLAGS = {
  profile: {
    flags: '--profile <name>',
    description: 'a gateway of its own, with a port and a state folder of its own',
  },
  dev: { flags: '--dev', description: 'the same as --profile dev' },
} satisfies Record<string, Flag>;

/** Where it is, and how it is talked about. */
export const ADDRESS_FLAGS = {
  port: {
    flags: '-p, --port <port>',
    description: 'the port (default: OPENCLAW_GATEWAY_PORT, or the one of the profile)',
  },
  host: { flags: '--host <address>', description: 'the IP address (default: localhost, 127.0.0.1 and ::1)' },
  ...PROFILE_FLAGS,
  json: { flags: '--json', description: 'one line of JSON on stdout, for scripts' },
  token: {
    flags: '--token <token>',
    description: "the gateway's token (default: OPENCLAW_GATEWAY_TOKEN, or the one in the state folder)",
  },
} satisfies Record<string, Flag>;

/** What it serves, and to whom. */
export const SERVING_FLAGS = {
  allowHost: {
    flags: '--allow-host <host>',
    description: 'a name that clients may call this gateway by, as host or host:port; may be repeated',
    repeatable: true,
  },
  allowOrigin: {
    flags: '--allow-origin <origin>',
    description: 'a web page that may connect, as https://app.example; may be repeated',
    repeatable: true,
  },
  verbose: { flags: '-v, --verbose', description: 'log all that happens, on stderr' },
} satisfies Record<string, Flag>;

/** What it does about a gateway that is already there. */
export const CONTEST_FLAGS = {
  ensure: { flags: '--ensure', description: 'be content if a ready gateway of this profile is already there' },
  force: {
    flags: '--force [how]',
    description: 'ask the gateway that holds the port to stop, then start; with --force=kill, kill it if it does not',
  },
  standby: { flags: '--standby', description: 'wait for the holder of the port to go, and take over at once' },
} satisfies Record<string, Flag>;

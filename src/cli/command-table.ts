import { LOG_LEVELS } from '../common/log-level.js';
import type { CommandEntry } from './command.js';
import { DEFAULT_LINES, DEFAULT_TIMEOUT_MS, FLEET_ACTIONS } from './flags.js';
import {
  ADDRESS_FLAGS,
  FLEET_FLAGS,
  JSON_FLAG,
  PLACE_FLAGS,
  PROFILE_FLAGS,
  REQUEST_FLAGS,
  SERVICE_FLAGS,
  SERVING_FLAGS,
  timeoutFlag,
  TOKEN_FLAG,
  URL_FLAG,
} from './shared-flags.js';

/** Flags of OpenClaw's own gateway command that would change who may get in. */
const UNSUPPORTED = {
  flags: {
    password: { flags: '--password <password>', description: '' },
    tailscale: { flags: '--tailscale <mode>', description: '' },
  },
  because: (flag) =>
    `${flag} is not supported: leave it out; clients show a token (--token), and Tailscale is run apart`,
} satisfies CommandEntry['useless'];

/** The command that runs a gateway, and has all others below it. */
export const GATEWAY: CommandEntry = {
  name: 'gateway',
  description: 'run the gateway in the foreground',
  flags: {
    ...SERVING_FLAGS,
    ensure: { flags: '--ensure', description: "exit 0 if this profile's gateway is already running" },
    force: {
      flags: '--force [how]',
      description: 'ask the gateway that holds the port to stop, then start; with --force=kill, kill it if it does not',
    },
    standby: {
      flags: '--standby',
      description: 'wait until the port is free, and take it at once; in a fleet, wait to be the active one too',
    },
  },
  useless: UNSUPPORTED,
  load: async () => (await import('./gateway.command.js')).gateway,
};

/** What is done with a gateway that runs, or is to run in the background. */
export const SUB_COMMANDS = {
  run: { ...GATEWAY, name: 'run', description: 'run the gateway in the foreground, as gateway alone does' },
  start: {
    name: 'start',
    description: 'start the gateway in the background, or find the one that is there',
    flags: { ...SERVING_FLAGS, ...timeoutFlag('how long until it has to be ready', DEFAULT_TIMEOUT_MS.start) },
    useless: UNSUPPORTED,
    load: async () => (await import('./start.command.js')).start,
  },
  status: {
    name: 'status',
    description: 'say what runs on the port, where it listens, and with which files; with --fleet, who is active in it',
    flags: {
      ...ADDRESS_FLAGS,
      ...FLEET_FLAGS,
      fleet: { flags: '--fleet <name>', description: 'who is active in this fleet, in place of what runs here' },
      ...URL_FLAG,
      watch: { flags: '--watch', description: 'look again every two seconds, until Ctrl-C' },
      deep: { flags: '--deep', description: 'also what the operating system knows: addresses, processes, connections' },
      all: { flags: '--all', description: 'every profile of this user: its port, and who holds it' },
    },
    load: async () => (await import('./status.command.js')).status,
  },
  stop: {
    name: 'stop',
    description: 'ask the gateway that holds the port to stop, and wait for the port',
    flags: { ...ADDRESS_FLAGS, ...timeoutFlag('how long it may take', DEFAULT_TIMEOUT_MS.stop) },
    load: async () => (await import('./stop.command.js')).stop,
  },
  restart: {
    name: 'restart',
    description: 'stop the gateway and start it again, as it was started',
    flags: {
      ...ADDRESS_FLAGS,
      handover: {
        flags: '--handover',
        description: 'start the new process first: no connection is refused or cut off',
      },
      ...timeoutFlag('how long until it has to be ready again', DEFAULT_TIMEOUT_MS.start),
    },
    load: async () => (await import('./restart.command.js')).restart,
  },
  logs: {
    name: 'logs',
    description: 'print the log of a gateway in the background, or of the service',
    flags: {
      ...PROFILE_FLAGS,
      follow: { flags: '-f, --follow', description: 'go on with what is written from now on, until Ctrl-C' },
      lines: { flags: '-n, --lines <n>', description: `how many lines from the end (default: ${DEFAULT_LINES})` },
      limit: { flags: '--limit <n>', description: 'the same as --lines' },
      since: {
        flags: '--since <time>',
        description: 'only lines since then: 10m, 2h, 1d, or a time as 2026-01-31T12:00',
      },
      level: { flags: '--level <level>', description: `only lines as grave as: ${LOG_LEVELS.join(', ')}` },
      json: { flags: '--json', description: 'one object for each line, for scripts' },
    },
    useless: {
      flags: { ...PLACE_FLAGS, ...TOKEN_FLAG },
      because: (flag) => `${flag}: logs takes --profile or --dev: leave it out`,
    },
    load: async () => (await import('./logs.command.js')).logs,
  },
  install: {
    name: 'install',
    description: 'have the service manager of this user run the gateway: systemd, or launchd on macOS',
    flags: {
      ...SERVICE_FLAGS,
      print: { flags: '--print', description: 'print what would be written, and write nothing' },
      dryRun: { flags: '--dry-run', description: 'say what would change, and change nothing' },
      force: { flags: '--force', description: 'replace a file that was changed by hand; install for root under sudo' },
      start: { flags: '--no-start', description: 'leave it to the next login to start it' },
      socket: { flags: '--socket', description: 'systemd listens, and starts the gateway on the first connection' },
      linger: { flags: '--linger', description: 'run it while this user is not logged in, and from boot on' },
      env: {
        flags: '--env <name>',
        description: 'give the gateway this variable as it is now, in a file of this user alone; may be repeated',
        repeatable: true,
      },
    },
    useless: {
      flags: TOKEN_FLAG,
      because: (flag) => `${flag}: a unit is no place for a token, which goes into the state folder: leave it out`,
    },
    load: async () => (await import('./install.command.js')).install,
  },
  uninstall: {
    name: 'uninstall',
    description: 'stop the service of the gateway, and remove what install has written',
    flags: { ...PROFILE_FLAGS, ...JSON_FLAG },
    useless: {
      flags: { ...PLACE_FLAGS, ...TOKEN_FLAG },
      because: (flag) => `${flag}: uninstall takes --profile or --dev: leave it out`,
    },
    load: async () => (await import('./uninstall.command.js')).uninstall,
  },
  health: {
    name: 'health',
    description: 'ask a running gateway how it is',
    flags: REQUEST_FLAGS,
    load: async () => (await import('./request.command.js')).health,
  },
  call: {
    name: 'call',
    argument: '<method>',
    description: 'make one request of a running gateway',
    flags: {
      ...REQUEST_FLAGS,
      params: { flags: '--params <json>', description: 'the params of the request, as a JSON object' },
    },
    load: async () => (await import('./request.command.js')).call,
  },
  fleet: {
    name: 'fleet',
    argument: '<action>',
    choices: FLEET_ACTIONS,
    description:
      'check the database of a fleet; status: who is active in it; yield: let another host be; sql: for its tables',
    flags: {
      ...FLEET_FLAGS,
      ...PROFILE_FLAGS,
      ...JSON_FLAG,
      to: { flags: '--to <host>', description: 'with yield: the host that is to be active next' },
      ...timeoutFlag('with yield: how long until another one has to be active', DEFAULT_TIMEOUT_MS.yield),
    },
    load: async () => (await import('./fleet.command.js')).fleet,
  },
  open: {
    name: 'open',
    description: 'print the address of the page of a running gateway with the token, and open it in the browser',
    flags: { ...ADDRESS_FLAGS, print: { flags: '--print', description: 'only print the address' } },
    load: async () => (await import('./open.command.js')).open,
  },
  doctor: {
    name: 'doctor',
    description: 'say what is wrong on this machine, and what to do about it',
    flags: { ...ADDRESS_FLAGS, ...FLEET_FLAGS },
    load: async () => (await import('./doctor.command.js')).doctor,
  },
  ports: {
    name: 'ports',
    description: 'the port of every profile of this user, and which of them conflict',
    flags: { ...PROFILE_FLAGS, ...JSON_FLAG },
    useless: {
      flags: { ...PLACE_FLAGS, ...TOKEN_FLAG },
      because: (flag) => `${flag} means nothing here: leave it out, since ports is about every profile`,
    },
    load: async () => (await import('./ports.command.js')).ports,
  },
} satisfies Record<string, CommandEntry>;

import { InputError } from '../common/input.error.js';
import { ANCHOR_HOST, gatewayUrl } from '../listener/listen-address.js';
import { marked } from './installed-file.js';

/** What a service is made from. */
export interface ServicePlan {
  /** What an operator types for the program, such as `openclaw`. */
  readonly program: string;
  readonly profile: string;
  /** Where the gateway listens; `localhost`, or an IP address. */
  readonly host: string;
  readonly port: number;
  /** The command that runs the gateway, word by word. */
  readonly command: readonly string[];
  /** A file with variables for the gateway. */
  readonly environmentFile?: string | undefined;
}

const COMMENT = { open: '# ', close: '' };

/**
 * The unit of a gateway for a user manager (systemd.service(5)).
 *
 * - It gives up after ten starts in five minutes, and so frees the port, instead of holding clients for ever.
 * - `on-failure`, since `always` would fight a stop; 203 is a Node that is gone, and the other codes do not pass by
 *   themselves; 130 and 143 are a second signal, which is no crash.
 * - `mixed` leaves no orphan; a tool of the gateway that runs out of memory does not stop it.
 * - The watchdog aborts a gateway that hangs, which has tokens in its memory: so no core is written.
 *
 * Not written: MemoryDenyWriteExecute, which kills V8; what needs user namespaces, since the tools of a gateway work in the
 * home folder; NoNewPrivileges, which breaks sudo in tools; network-online.target, which a user manager does not have.
 *
 * @throws {InputError} a word of the command has a character that no unit can hold
 */
export function systemdUnit({ profile, command, environmentFile }: ServicePlan): string {
  return marked(
    `[Unit]
Description=OpenClaw gateway (profile ${profile})
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=notify
NotifyAccess=main
ExecStart=${command.map(unitWord).join(' ')}
${environmentFile === undefined ? '' : `EnvironmentFile=${unitPath(environmentFile)}\n`}FileDescriptorStoreMax=64
Restart=on-failure
RestartSec=200ms
RestartPreventExitStatus=64 69 71 77 78 203
SuccessExitStatus=130 143
TimeoutStartSec=60
TimeoutStopSec=10
KillMode=mixed
WatchdogSec=60
OOMPolicy=continue
LimitNOFILE=65536
LimitCORE=0

[Install]
WantedBy=default.target
`,
    COMMENT,
  );
}

/**
 * The socket unit, with which the manager holds the port while the gateway does not run, and starts it on the first
 * connection (systemd.socket(5)). Only for a gateway on loopback.
 *
 * @throws {InputError} the gateway is for another host
 */
export function systemdSocket(plan: ServicePlan): string {
  const { host, port } = plan;
  if (host !== 'localhost' && host !== ANCHOR_HOST) {
    throw new InputError(
      `--socket: a socket unit is written for 127.0.0.1, and this gateway is for ${gatewayUrl(host, port)}: leave out --socket or --host`,
    );
  }
  return socketOn(plan, `ListenStream=${ANCHOR_HOST}:${port}`);
}

/**
 * The socket unit for `[::1]`. It is a unit of its own, so that it can fail alone where the machine has no IPv6.
 *
 * @param service the unit that it starts, which has another name
 */
export function systemdSocketOnIPv6(plan: ServicePlan, service: string): string {
  return socketOn(
    plan,
    `ListenStream=[::1]:${plan.port}
BindIPv6Only=ipv6-only
Service=${service}`,
    'ConditionPathExists=/proc/net/if_inet6\n',
  );
}

function socketOn({ profile }: ServicePlan, lines: string, condition = ''): string {
  return marked(
    `[Unit]
Description=OpenClaw gateway (profile ${profile}), its port
${condition}
[Socket]
${lines}
FileDescriptorName=gateway
NoDelay=yes

[Install]
WantedBy=sockets.target
`,
    COMMENT,
  );
}

/** A word as ExecStart= takes it: `%` begins a specifier there, `$` a variable, and a quote or a backslash must be escaped. */
function unitWord(word: string): string {
  const escaped = unitPath(word).replaceAll('$', '$$$$');
  if (/^[\w@%+=:,./$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replace(/["\\]/g, '\\$&')}"`;
}

function unitPath(path: string): string {
  // eslint-disable-next-line no-control-regex -- these are what is refused
  if (/[\0-\x1f\x7f]/.test(path)) {
    throw new InputError(
      `${JSON.stringify(path)}: a unit cannot hold such a path: move it to one without control characters`,
    );
  }
  return path.replaceAll('%', '%%');
}

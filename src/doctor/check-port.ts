import { describeHolder, describeUnknown, describeUse } from '../holder/describe-holder.js';
import { adviseOn } from '../holder/advise-on-holder.js';
import { isOwn } from '../holder/who-holds.js';
import { ANCHOR_HOST, gatewayUrl } from '../listener/listen-address.js';
import { ephemeralPorts, isEphemeral, type EphemeralPorts } from '../config/ephemeral-ports.js';
import type { Finding, Patient } from './finding.js';

const CHECK = 'port';

/** Who is on the port: a gateway of this profile, none, or what keeps one from starting. */
export function checkPort({ holder, settings, profile, program }: Patient): Finding {
  const { port } = settings;
  const url = gatewayUrl(ANCHOR_HOST, port);
  const { verdict, card, ownership, user } = holder;
  const [advice] = adviseOn(holder, { lock: 'port', holderPort: port, port, profile: profile.name, program });
  const wayOut = advice && `${advice[0]}: ${advice[1]}`;
  if (card && ownership === 'other user') {
    return {
      check: CHECK,
      level: 'problem',
      text: `${url} is used by another user: ${describeHolder(holder)}`,
      // In a user namespace a user may have no name, nor a number that tells.
      wayOut:
        user === undefined
          ? 'give this one another port with --port'
          : `ask user ${user}, or give this one another port with --port`,
    };
  }
  switch (verdict) {
    case 'blocked':
      return { check: CHECK, level: 'ok', text: `${url} is free` };
    case 'ready':
    case 'standby':
      if (card && card.profile !== profile.name) {
        return {
          check: CHECK,
          level: 'problem',
          text: `${url} is used by the gateway of profile ${card.profile}, and this is ${profile.name}`,
          wayOut: 'give one of them another port with --port',
        };
      }
      if (!isOwn(holder)) {
        return { check: CHECK, level: 'note', text: `${url}: ${describeHolder(holder)}; whose it is cannot be told` };
      }
      return { check: CHECK, level: 'ok', text: `${url}: ${describeHolder(holder)}` };
    case 'starting':
    case 'draining':
    case 'waiting':
      return { check: CHECK, level: 'note', text: `${url}: ${describeHolder(holder)}` };
    case 'stalled':
      return { check: CHECK, level: 'problem', text: `${url} ${describeHolder(holder)}`, ...(wayOut && { wayOut }) };
    case 'foreign':
      return { check: CHECK, level: 'problem', text: describeUse(holder, `port ${port}`), ...(wayOut && { wayOut }) };
    case 'unknown':
      return { check: CHECK, level: 'problem', text: `${url}: ${describeUnknown(holder)}` };
  }
}

/** Whether the operating system may give the port to another program before the gateway wants it. */
export function checkPortRange({ settings: { port } }: Patient, ports: EphemeralPorts = ephemeralPorts()): Finding {
  const { first, last } = ports;
  if (!isEphemeral(port, ports)) {
    return {
      check: 'port range',
      level: 'ok',
      text: `${port} is outside of ${first} to ${last}, which any program may get`,
    };
  }
  return {
    check: 'port range',
    level: 'problem',
    text: `${port} is one that the operating system gives to any program (${first} to ${last})`,
    wayOut: `choose one outside with --port, or reserve it: sysctl net.ipv4.ip_local_reserved_ports=${port}`,
  };
}

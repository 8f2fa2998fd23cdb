import { styleText } from 'node:util';

import { describeError, ExitCode, exitCodeOf } from './exit-code.js';
import { describeFleetHolder } from '../fleet/describe-fleet.js';
import { FleetError } from '../fleet/fleet.error.js';
import { adviseOn, STAND_BY_OPTION, type Advice, type Obstacle } from '../holder/advise-on-holder.js';
import { commandFor, describeHolder, describeUse } from '../holder/describe-holder.js';
import { GatewayLockError, lacksAddress, type GatewayLockErrorCode } from '../listener/gateway-lock.error.js';
import type { Holder, Verdict } from '../listener/holder.js';
import { addressOfUrl } from '../listener/listen-address.js';
import { complain, printResult, wantsColor } from './print.js';

/** What `--json` prints of a port, for `status` and for a refused start alike. */
export interface PortReport {
  readonly ok: boolean;
  readonly code: GatewayLockErrorCode | null;
  /** The first line of the refusal. */
  readonly message: string | null;
  readonly verdict: Verdict | 'free' | null;
  readonly url: string;
  readonly holder: Holder | null;
  readonly exitCode: number;
}

export interface FailureOptions {
  /**
   * Prints the ready line and a refusal as one line of JSON on stdout.
   * @default false
   */
  readonly json?: boolean;
  /**
   * Decides whether the gateway that holds the port is as good as one of one's own, so that the refusal is a success.
   * @default no holder is
   */
  readonly isEnough?: (holder: Holder) => boolean | Promise<boolean>;
  /**
   * What an operator types for the program that has the commands which a refusal advises.
   * @default none: what works without such a program is advised
   */
  readonly program?: string | undefined;
  /**
   * Whether a stop of the holder was tried in vain, so that the refusal does not advise it again.
   * @default false
   */
  readonly hasFailed?: boolean;
}

/**
 * Reports why a start failed: on stderr in one line, or in a few for a held port; with `json` on stdout.
 *
 * @param profile the profile of the start
 * @returns the exit code for it
 */
export async function reportFailure(
  error: unknown,
  { json = false, isEnough = () => false, program, hasFailed }: FailureOptions,
  profile: string | undefined,
): Promise<number> {
  if (!(error instanceof GatewayLockError)) {
    complain([describeError(error), ...fleetDetails(error, program)].join('\n'));
    return exitCodeOf(error);
  }
  const { holder } = error;
  const enough = holder !== undefined && (await isEnough(holder));
  const exitCode = enough ? ExitCode.OK : exitCodeOf(error);
  if (json || enough) {
    const lines = holder ? [`already there on ${error.url}: ${describeHolder(holder)}`] : [];
    printResult(json, { ...reportOf(error), ok: enough, exitCode }, lines);
  } else {
    const context = { color: wantsColor(process.stderr), profile, program, hasFailed };
    complain([error.message, ...refusalDetails(error, context)].join('\n'));
  }
  return exitCode;
}

function reportOf(error: GatewayLockError): PortReport {
  const { code, message, url, holder } = error;
  return {
    ok: false,
    code,
    message,
    verdict: holder?.verdict ?? null,
    url,
    holder: holder ?? null,
    exitCode: exitCodeOf(error),
  };
}

/** Who is active in a fleet, and what to do. */
function fleetDetails(error: unknown, program: string | undefined): string[] {
  if (!(error instanceof FleetError) || !error.holder) return [];
  // Without the flag that a start had, `gateway --standby` would start a gateway that works beside this fleet.
  const flag = error.fleet === undefined ? '' : ` --fleet ${error.fleet}`;
  const commands: Advice[] =
    program === undefined
      ? [['wait for it', STAND_BY_OPTION]]
      : [
          ['see it', `${program} gateway fleet status${flag}`],
          ['wait for it', `${program} gateway${flag} --standby`],
        ];
  return paint([['held by', describeFleetHolder(error.holder)], ...commands], wantsColor(process.stderr));
}

/** What a refusal is reported for, and to whom. */
export interface RefusalContext extends Pick<Obstacle, 'profile' | 'program' | 'hasFailed'> {
  readonly color: boolean;
}

/** What follows the first line of a refusal: who holds the port, and what to do. Empty where the holder was not asked. */
export function refusalDetails(error: GatewayLockError, { color, ...context }: RefusalContext): string[] {
  const { holder, derived, basePort } = error;
  const { profile = error.profile } = context;
  const needed: Advice[] =
    derived === undefined ? [] : [['needed for', `${derived}, derived from port ${String(basePort)}`]];
  if (!holder) return paint([...needed, ...adviseOnAddress(error, { ...context, profile })], color);
  const obstacle = { ...obstacleOf(error, holder), ...context, profile };
  const mistaken = obstacle.lock === 'profile' ? [] : mixUp(holder, context.program, profile);
  const what = obstacle.lock === 'profile' ? `profile ${String(error.profile)}` : `port ${error.address.port}`;
  return described(holder, what, [...needed, ...mistaken, ...adviseOn(holder, obstacle)], color);
}

/**
 * Who holds a port, and what to do.
 *
 * @param facts further rows, between the two
 */
export function holderLines(
  holder: Holder,
  { color, ...obstacle }: RefusalContext & Pick<Obstacle, 'port' | 'asked' | 'isManaged'>,
  facts: readonly Advice[] = [],
): string[] {
  const { port, profile } = obstacle;
  const advice = adviseOn(holder, { ...obstacle, lock: 'port', holderPort: port });
  const mistaken = mixUp(holder, obstacle.program, profile);
  return described(holder, `port ${port}`, [...facts, ...mistaken, ...advice], color);
}

/** A refusal calls every holder a gateway in its first line, so that a holder which is no gateway gets a sentence of its own. */
function described(holder: Holder, what: string, rows: readonly Advice[], color: boolean): string[] {
  if (holder.verdict === 'foreign') return [`  ${describeUse(holder, what)}`, ...paint(rows, color)];
  return paint([['held by', describeHolder(holder)], ...rows], color);
}

/** What helps where the machine does not have the address yet: a VPN may still bring it. */
function adviseOnAddress(
  error: GatewayLockError,
  { profile, program }: Omit<RefusalContext, 'color'>,
): readonly Advice[] {
  if (!lacksAddress(error)) return [];
  const { host, port } = error.address;
  const command = program && `${commandFor(profile, program)} --host ${host} --port ${port} --standby`;
  return [['wait for it', command ?? STAND_BY_OPTION]];
}

function obstacleOf({ code, basePort, address: { port } }: GatewayLockError, { card }: Holder): Obstacle {
  if (code === 'GATEWAY_PROFILE_IN_USE') {
    return { lock: 'profile', port, ...(card && { holderPort: addressOfUrl(card.url).port }) };
  }
  if (basePort !== undefined) return { lock: 'derived port', holderPort: port, port: basePort };
  return { lock: 'port', holderPort: port, port };
}

/** Rows of a label and a text, as lines in which the texts stand below each other. */
export function paint(rows: readonly Advice[], color: boolean): string[] {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => {
    const padded = label.padEnd(width);
    return `  ${color ? styleText('dim', padded, { validateStream: false }) : padded}  ${text}`;
  });
}

/** Two names can come to one port, and then neither is at fault. */
function mixUp({ card }: Holder, program: string | undefined, profile: string | undefined): readonly Advice[] {
  if (!card || profile === undefined || card.profile === profile) return [];
  return [
    [
      'not yours',
      `profile ${card.profile} is there, and this is ${profile}: give one of them another port${program === undefined ? '' : ' with --port'}`,
    ],
  ];
}

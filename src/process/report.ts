import { styleText } from 'node:util';

import { printableJson } from '../common/printable.js';
import { describeError, ExitCode, exitCodeOf } from './exit-code.js';
import { adviseOn, describeHolder, type Advice, type Obstacle } from '../holder/describe-holder.js';
import { GatewayLockError, type GatewayLockErrorCode } from '../listener/gateway-lock.error.js';
import type { Holder, Verdict } from '../listener/holder.js';
import { addressOfUrl } from '../listener/listen-address.js';

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
   * @default 'openclaw'
   */
  readonly program?: string;
}

/**
 * Reports why a start failed: on stderr in one line, or in a few for a held port; with `json` on stdout.
 *
 * @param profile the profile of the start
 * @returns the exit code for it
 */
export async function reportFailure(
  error: unknown,
  { json = false, isEnough = () => false, program }: FailureOptions,
  profile: string | undefined,
): Promise<number> {
  if (!(error instanceof GatewayLockError)) {
    complain(describeError(error));
    return exitCodeOf(error);
  }
  const { holder } = error;
  const enough = holder !== undefined && (await isEnough(holder));
  const exitCode = enough ? ExitCode.OK : exitCodeOf(error);
  if (json || enough) {
    const lines = holder ? [`already there on ${error.url}: ${describeHolder(holder)}`] : [];
    printResult(json, { ...reportOf(error), ok: enough, exitCode }, lines);
  } else {
    complain([error.message, ...refusalDetails(error, wantsColor(process.stderr), profile, program)].join('\n'));
  }
  return exitCode;
}

export function reportOf(error: GatewayLockError): PortReport {
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

/**
 * What follows the first line of a refusal: who holds the port, and what to do. Empty where the holder was not asked.
 *
 * @param profile the profile of the start that was refused
 */
export function refusalDetails(
  error: GatewayLockError,
  color: boolean,
  profile = error.profile,
  program?: string,
): string[] {
  const { holder, derived, basePort } = error;
  const needed: Advice[] =
    derived === undefined ? [] : [['needed for', `${derived}, derived from port ${String(basePort)}`]];
  if (!holder) return paint(needed, color);
  const obstacle = { ...obstacleOf(error, holder), profile, program };
  const advice = adviseOn(holder, obstacle);
  const mistaken = obstacle.lock === 'profile' ? [] : mixUp(holder, profile);
  return paint([['held by', describeHolder(holder)], ...needed, ...mistaken, ...advice], color);
}

/** Who holds a port, and what to do. */
export function holderLines(
  holder: Holder,
  port: number,
  color: boolean,
  profile?: string,
  program?: string,
): string[] {
  const advice = adviseOn(holder, { lock: 'port', holderPort: port, port, profile, program });
  return paint([['held by', describeHolder(holder)], ...mixUp(holder, profile), ...advice], color);
}

function obstacleOf({ code, basePort, address: { port } }: GatewayLockError, { card }: Holder): Obstacle {
  if (code === 'GATEWAY_PROFILE_IN_USE') {
    return { lock: 'profile', port, ...(card && { holderPort: addressOfUrl(card.url).port }) };
  }
  if (basePort !== undefined) return { lock: 'derived port', holderPort: port, port: basePort };
  return { lock: 'port', holderPort: port, port };
}

function paint(rows: readonly Advice[], color: boolean): string[] {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => {
    const padded = label.padEnd(width);
    return `  ${color ? styleText('dim', padded, { validateStream: false }) : padded}  ${text}`;
  });
}

/** Two names can come to one port, and then neither is at fault. */
function mixUp({ card }: Holder, profile: string | undefined): readonly Advice[] {
  if (!card || profile === undefined || card.profile === profile) return [];
  return [
    [
      'not yours',
      `profile ${card.profile} is there, and this is ${profile}: give one of them another port with --port`,
    ],
  ];
}

/** Colour is for people at a terminal who have not declined it (no-color.org). */
export function wantsColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env['NO_COLOR'];
}

/** Prints what was asked for on stdout: an object in one line of JSON for scripts, or the lines for people. */
export function printResult(json: boolean | undefined, report: object, lines: readonly string[] = []): void {
  process.stdout.write(`${json ? printableJson(JSON.stringify(report)) : lines.join('\n')}\n`);
}

/** Prints a line on stderr, for the person who started the process. */
export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Reports an error, and ends the process with the exit code for it. */
export function exitWith(error: unknown): never {
  complain(describeError(error));
  process.exit(exitCodeOf(error));
}

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from '../../test/kit/ports.js';
import { BIN } from '../kit/built.js';
import { Child, temporaryHome } from '../kit/child.js';
import type { Candidates } from './fleet-chain.js';

export const WAITING = /^.*standing by in fleet .*\n/m;
export const ACTIVE = /^gateway listening on.*\n/m;
export const LOST = /lost fleet /;
const TOKEN = /active in fleet \S+, token (\d+)/;

/** A gateway of a fleet, as people run it. */
export interface FleetMember {
  readonly child: Child;
  readonly port: number;
}

let homes: string | undefined;

export async function launchMember(databaseUrl: string): Promise<FleetMember> {
  const port = await freePort();
  const fleet = ['--fleet', 'office', '--fleet-url', databaseUrl, '--advertise', `ws://127.0.0.1:${port}`];
  // Each is a host of its own, with a state folder of its own.
  const home = mkdtempSync(join((homes ??= temporaryHome()), 'host-'));
  return { child: new Child([BIN, 'gateway', '--port', String(port), '--standby', ...fleet], { home }), port };
}

/** Gateways of one fleet. */
export function membersOf(databaseUrl: string): Candidates {
  return {
    launch: async () => (await launchMember(databaseUrl)).child,
    waiting: WAITING,
    active: ACTIVE,
    token: TOKEN,
  };
}

export function tokenOf({ child }: FleetMember): bigint {
  return BigInt(TOKEN.exec(child.output)?.[1] ?? 0);
}

import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../../test/kit/deadline.js';
import { DEADLINE_MS, replaced, UNIT, unitOf } from '../../test/kit/managed-gateway.js';
import { ROOT } from '../../test/kit/program.js';
import { isFree } from '../../test/kit/ports.js';
import type { UserManager } from '../../test/kit/user-manager.js';
import { writtenScript } from '../kit/built.js';

/** A server that a service manager runs. */
export interface Contender {
  readonly name: string;
  /** Starts it as a service, and resolves when it serves, with the token that it asks for. */
  start(manager: UserManager, port: number): Promise<string | undefined>;
}

export const CONTENDERS: readonly Contender[] = [
  { name: 'gateway', start: (manager, port) => startGateway(manager, port) },
  {
    name: 'gateway, nothing kept',
    start: (manager, port) => startGateway(manager, port, 'FileDescriptorStoreMax=0'),
  },
  { name: 'bare ws', start: startBare },
];

/** A way in which the process of a service is replaced. */
export interface Change {
  readonly name: string;
  /** Those that can do it. */
  readonly by: readonly string[];
  /** How many of the rounds that were asked for, as a share of 1. */
  readonly share: number;
  once(manager: UserManager): Promise<void>;
}

export const CHANGES: readonly Change[] = [
  {
    name: 'kill -9',
    by: ['gateway', 'gateway, nothing kept', 'bare ws'],
    share: 1,
    once: (manager) => replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT)),
  },
  {
    name: 'restart',
    by: ['gateway', 'gateway, nothing kept', 'bare ws'],
    share: 0.25,
    once: (manager) => replaced(manager, () => manager.systemctl('restart', UNIT)),
  },
  { name: 'hand-over', by: ['gateway'], share: 0.25, once: handOver },
];

async function startGateway(manager: UserManager, port: number, lines = ''): Promise<string> {
  await manager.unit(UNIT, unitOf(manager, port, { lines }));
  await manager.systemctl('start', UNIT);
  return readFileSync(join(manager.home, '.openclaw/gateway.token'), 'utf8').trim();
}

/** The user of the manager may not read where this is run. */
async function startBare(manager: UserManager, port: number): Promise<undefined> {
  const folder = join(manager.home, 'bare');
  const script = join(folder, 'bare-server.cjs');
  mkdirSync(folder);
  cpSync(writtenScript('servers/bare-server.cjs'), script);
  cpSync(join(ROOT, 'node_modules/ws'), join(folder, 'node_modules/ws'), { recursive: true });
  const lines = [
    'Type=simple',
    'NotifyAccess=none',
    'FileDescriptorStoreMax=0',
    'ExecStart=',
    `ExecStart=${process.execPath} ${script} ${port}`,
  ];
  await manager.unit(UNIT, unitOf(manager, port, { lines: lines.join('\n') }));
  await manager.systemctl('start', UNIT);
  await until(DEADLINE_MS, 'the bare server', async () => !(await isFree(port)));
  return undefined;
}

async function handOver(manager: UserManager): Promise<void> {
  const { code, stderr } = await manager.openclaw('restart', '--handover');
  if (code !== 0) throw new Error(`no hand-over: ${String(code)} ${stderr}`);
}

import { get } from 'node:http';

import { until } from '../../test/kit/deadline.js';
import { isFree, reservePorts } from '../../test/kit/ports.js';
import type { DialectName } from '../load/dialects.js';
import { BIN, builtScript, writtenScript } from './built.js';
import { Child, type ChildOptions } from './child.js';

/** A server as people run it, with what it takes to start one, and to be refused by it. */
export interface Server {
  readonly dialect: DialectName;
  readonly listening: RegExp;
  start(port: number, options?: ServerOptions): Child;
  refuse(port: number): Child;
}

export interface ServerOptions extends Pick<ChildOptions, 'home'> {
  /**
   * Whether it answers the calls of `servers/observed`.
   * @default false
   */
  readonly isObserved?: boolean;
  /** @default the default profile; of a gateway alone */
  readonly profile?: string;
}

const OBSERVED = ['--expose-gc', '--import', builtScript('servers/observed')];

export const GATEWAY: Server = {
  dialect: 'openclaw',
  listening: /^gateway listening on/m,
  start: (port, options = {}) => {
    const profile = options.profile === undefined ? [] : ['--profile', options.profile];
    return child([BIN, ...profile, 'gateway', '--port', String(port)], options);
  },
  refuse: (port) => GATEWAY.start(port),
};

export const BARE: Server = {
  dialect: 'bare',
  listening: /^listening$/m,
  start: (port, options = {}) => child([writtenScript('servers/bare-server.cjs'), String(port)], options),
  refuse: (port) => child([writtenScript('servers/bare-refusal.cjs'), String(port)]),
};

/** The `openclaw` command with these arguments. */
export function runCommand(args: readonly string[]): Child {
  return child([BIN, ...args]);
}

/** Longer than a start takes on a small machine that is busy. */
const DEADLINE_MS = 60_000;

function child(args: readonly string[], { isObserved = false, home }: ServerOptions = {}): Child {
  const observation = isObserved ? OBSERVED : [];
  return new Child([...observation, ...args], { answersCalls: isObserved, ...(home !== undefined && { home }) });
}

/** Starts one, and ends it however it goes. */
export async function withServer<T>(server: Server, use: (child: Child, port: number) => Promise<T>): Promise<T> {
  const { port, release } = await reservePorts();
  const child = server.start(port);
  try {
    return await use(child, port);
  } finally {
    await child.kill();
    release();
  }
}

/** From its start to the first 200 of its readiness probe. Milliseconds. */
export async function timeToReady(server: Pick<Server, 'start'>): Promise<number> {
  const { port, release } = await reservePorts();
  const begun = performance.now();
  const child = server.start(port);
  try {
    await untilReady(child, port);
    return performance.now() - begun;
  } finally {
    await child.kill();
    release();
  }
}

/** Rejects if the process ends before. */
export function untilReady(
  child: Child,
  port: number,
  { path = '/readyz', deadlineMs = DEADLINE_MS }: { readonly path?: string; readonly deadlineMs?: number } = {},
): Promise<void> {
  return until(deadlineMs, `process ${child.pid} to be ready`, () => {
    const { pid, exit, output } = child;
    if (exit !== undefined) throw new Error(`process ${pid} ended (${exit}); there was: ${output}`);
    return isReady(port, path);
  });
}

export function untilFree(port: number): Promise<void> {
  return until(DEADLINE_MS, `port ${port} to be free`, () => isFree(port));
}

function isReady(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const address = { host: '127.0.0.1', port, path, agent: false, timeout: DEADLINE_MS };
    const request = get(address, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
    request.once('close', () => resolve(false));
  });
}

import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort, isFree } from '../../test/kit/net.js';
import type { DialectName } from '../load/dialects.js';
import { BIN, builtScript } from './built.js';
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
  start: (port, options = {}) => child([builtScript('servers/bare-server'), String(port)], options),
  refuse: (port) => child([builtScript('servers/bare-refusal'), String(port)]),
};

const POLL_MS = 1;

function child(args: readonly string[], { isObserved = false, home }: ServerOptions = {}): Child {
  const observation = isObserved ? OBSERVED : [];
  return new Child([...observation, ...args], { answersCalls: isObserved, ...(home !== undefined && { home }) });
}

/** Starts one, and ends it however it goes. */
export async function withServer<T>(server: Server, use: (child: Child, port: number) => Promise<T>): Promise<T> {
  const port = await freePort();
  const child = server.start(port);
  try {
    return await use(child, port);
  } finally {
    await child.kill();
  }
}

/** Rejects if the process ends before. */
export async function untilReady(child: Child, port: number): Promise<void> {
  while (!(await isReady(port))) {
    if (child.exit !== undefined) throw new Error(`process ${child.pid} ended (${child.exit}) before it was ready`);
    await delay(POLL_MS);
  }
}

export async function untilFree(port: number): Promise<void> {
  while (!(await isFree(port))) await delay(POLL_MS);
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200));
    });
    request.once('error', () => resolve(false));
  });
}

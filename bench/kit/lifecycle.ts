import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { WebSocket } from 'ws';

import { freePort } from '../../test/kit/net.js';
import { Operator } from '../../test/kit/operator.js';
import { Child } from './child.js';

const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A server, with what it takes to start one, to be refused by it, and to connect to it. */
export interface Subject {
  readonly name: string;
  readonly start: (port: number) => Child;
  readonly refuse: (port: number) => Child;
  readonly listening: RegExp;
  /** Resolves when the client is connected, and let in where there is such a thing. */
  readonly connect: (url: string) => Promise<WebSocket>;
}

const gateway = (script: string, name: string): Subject => {
  const run = (port: number): Child => new Child([built(script), 'gateway', '--port', String(port)]);
  return {
    name,
    start: run,
    refuse: run,
    listening: /^gateway listening on/m,
    connect: async (url) => (await Operator.open(url)).client.socket,
  };
};

export const GATEWAY = gateway('../../../dist/bin/cli.cjs', 'openclaw gateway');

export const BARE: Subject = {
  name: 'bare ws server',
  start: (port) => new Child([built('../servers/bare-server.js'), String(port)]),
  refuse: (port) => new Child([built('../servers/bare-refusal.js'), String(port)]),
  listening: /^listening$/m,
  connect: async (url) => {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return socket;
  },
};

const POLL_MS = 1;
/** After which an idle process has come to rest. Milliseconds. */
const REST_MS = 1_000;

/** From the start of the process to the first 200 of its readiness probe. Milliseconds. */
export async function timeToReady({ start }: Subject): Promise<number> {
  const port = await freePort();
  const begun = performance.now();
  const child = start(port);
  try {
    while (!(await isReady(port))) await delay(POLL_MS);
    return performance.now() - begun;
  } finally {
    await child.kill();
  }
}

/** From the start of a second process to its end. Milliseconds. */
export async function timeToRefusal({ start, refuse, listening }: Subject): Promise<number> {
  const port = await freePort();
  const holder = start(port);
  await holder.printed(listening);
  const begun = performance.now();
  const exit = await refuse(port).ended();
  const ms = performance.now() - begun;
  await holder.kill();
  if (exit === 0) throw new Error('the second start was not refused');
  return ms;
}

/**
 * From SIGTERM to a bind of the port that succeeds. Milliseconds.
 *
 * @param mute how many further clients never answer a close frame
 */
export async function timeToFree({ start, listening, connect }: Subject, clients: number, mute = 0): Promise<number> {
  const port = await freePort();
  const child = start(port);
  await child.printed(listening);
  const url = `ws://127.0.0.1:${port}`;
  const sockets = await Promise.all(Array.from({ length: clients + mute }, () => connect(url)));
  for (const socket of sockets.slice(0, mute)) socket.pause();
  const begun = performance.now();
  child.signal('SIGTERM');
  while (!(await canBind(port))) await delay(POLL_MS);
  const ms = performance.now() - begun;
  for (const socket of sockets) socket.terminate();
  await child.ended();
  return ms;
}

/** The resident memory of a process that serves nobody. Megabytes. */
export async function idleMegabytes({ start, listening }: Subject): Promise<number> {
  const child = start(await freePort());
  try {
    await child.printed(listening);
    await delay(REST_MS);
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1_024;
  } finally {
    await child.kill();
  }
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200));
    });
    request.once('error', () => resolve(false));
  });
}

async function canBind(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen({ host: '127.0.0.1', port, exclusive: true }), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

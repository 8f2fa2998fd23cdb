import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from '../../../test/kit/deadline.js';
import { freePort } from '../../../test/kit/ports.js';

const START_MS = 30_000;

/** A server that decides who works, as Debian packages it. */
export interface Daemon {
  readonly url: string;
  remove(): Promise<void>;
}

/** @returns the server, or why there is none */
export async function startNats(): Promise<Daemon | string> {
  const port = await freePort();
  return start('nats-server', 'nats-server', port, 'nats', (folder) => [
    ...['--addr', '127.0.0.1', '--port', String(port)],
    ...['--jetstream', '--store_dir', folder],
  ]);
}

/** @returns the server, or why there is none */
export async function startEtcd(): Promise<Daemon | string> {
  const [port, peers] = [await freePort(), await freePort()];
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peers}`];
  return start('etcd', 'etcd-server', port, 'http', (folder) => [
    ...['--data-dir', join(folder, 'data'), '--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...['--initial-cluster', `default=${peerUrl}`],
  ]);
}

async function start(
  command: string,
  debianPackage: string,
  port: number,
  scheme: string,
  argsFor: (folder: string) => readonly string[],
): Promise<Daemon | string> {
  if (spawnSync(command, ['--version']).error) {
    return `there is no ${command} here, which the package ${debianPackage} of Debian brings`;
  }
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-beside-'));
  const child = spawn(command, argsFor(folder), { stdio: 'ignore' });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  await until(START_MS, command, () => accepts(port));
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    remove: async () => {
      process.off('exit', kill);
      const ended = once(child, 'exit');
      kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}

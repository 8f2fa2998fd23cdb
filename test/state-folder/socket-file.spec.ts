import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { linkSync, lstatSync, readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import { bindSocketFile } from '../../src/state-folder/socket-file.js';
import { onCleanUp } from '../kit/cleaner.js';
import { stranger } from '../kit/net.js';
import { leaveDeadSocket } from '../kit/profile.js';
import { tempFolder } from '../kit/temp.js';

const NAME = 'gateway.sock';

// What looks whether a socket is dead is accepted by one that lives, and never read here: it would keep the process.
const ACCEPTED = 'net.server.socket';
const closeAtEnd = (message: unknown): void => onCleanUp(() => (message as { socket: Socket }).socket.destroy());
beforeAll(() => subscribe(ACCEPTED, closeAtEnd));
afterAll(() => unsubscribe(ACCEPTED, closeAtEnd));

/** As a gateway does; given back when the test ends. */
async function bind(folder: string): Promise<() => void> {
  const { server, release } = await bindSocketFile(join(folder, NAME));
  const close = (): void => {
    release();
    server.close();
  };
  onCleanUp(close);
  return close;
}

const refused = { code: 'EADDRINUSE' };

async function answers(folder: string): Promise<boolean> {
  const socket = connect({ path: join(folder, NAME) });
  onCleanUp(() => socket.destroy());
  return once(socket, 'connect').then(
    () => true,
    () => false,
  );
}

/** A dead socket under a name. */
async function dead(folder: string, name: string): Promise<bigint> {
  const path = join(folder, name);
  const server = await stranger({ path: `${path}-` });
  linkSync(`${path}-`, path);
  server.close();
  return lstatSync(path, { bigint: true }).ino;
}

describe('a socket file', () => {
  it('is held by one, and can be had again once it is given back', async () => {
    const folder = tempFolder();
    const close = await bind(folder);
    expect(readdirSync(folder)).toEqual([NAME]);
    await expect(bind(folder)).rejects.toMatchObject(refused);
    expect(await answers(folder)).toBe(true);

    close();
    expect(readdirSync(folder)).toEqual([]);

    await bind(folder);
    expect(await answers(folder)).toBe(true);
  });

  it('of a process that was killed is taken over', async () => {
    const folder = tempFolder();
    await leaveDeadSocket(folder);
    expect(await answers(folder)).toBe(false);

    await bind(folder);

    expect(await answers(folder)).toBe(true);
    expect(readdirSync(folder)).toEqual([NAME]);
    await expect(bind(folder)).rejects.toMatchObject(refused);
  });

  it('is taken over though two successors were killed before they had it', async () => {
    const folder = tempFolder();
    const first = await dead(folder, NAME);
    const second = await dead(folder, `${NAME}.${first}`);
    await dead(folder, `${NAME}.${second}`);

    await bind(folder);

    expect(await answers(folder)).toBe(true);
    expect(readdirSync(folder)).toEqual([NAME]);
  });

  it('is not taken over from a successor that lives', async () => {
    const folder = tempFolder();
    const first = await dead(folder, NAME);
    await stranger({ path: join(folder, `${NAME}.${first}`) });

    await expect(bind(folder)).rejects.toMatchObject(refused);

    expect(await answers(folder)).toBe(false);
  });

  it('has one winner of many, over a dead one', async () => {
    const folder = tempFolder();
    await leaveDeadSocket(folder);

    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => bind(folder)));

    // Those that meet a successor which is about to take over are refused by it, and ask again.
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await answers(folder)).toBe(true);
    expect(readdirSync(folder)).toEqual([NAME]);
  });

  it('is refused where its path has no room in an address', async () => {
    await expect(bind(join(tempFolder(), 'x'.repeat(100)))).rejects.toThrow(/^ENAMETOOLONG: /);
  });

  it('fails as the file system does', async () => {
    await expect(bind(join(tempFolder(), 'nothing'))).rejects.toThrow(/EACCES|ENOENT/);
  });
});

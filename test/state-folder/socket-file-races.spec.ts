import { once } from 'node:events';
import { readdirSync, renameSync } from 'node:fs';
import { link, lstat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

import { bindSocketFile } from '../../src/state-folder/socket-file.js';
import { onCleanUp } from '../kit/cleaner.js';
import { stranger } from '../kit/net.js';
import { leaveDeadSocket } from '../kit/profile.js';
import { tempFolder } from '../kit/temp.js';

const actual = jest.requireActual<{ lstat: typeof lstat }>('node:fs/promises');

jest.mock('node:fs/promises', () => {
  const original = jest.requireActual<{ link: typeof link; lstat: typeof lstat }>('node:fs/promises');
  return { ...original, link: jest.fn(original.link), lstat: jest.fn(original.lstat) };
});

const NAME = 'gateway.sock';

async function bind(path: string): Promise<void> {
  const { server, release } = await bindSocketFile(path);
  onCleanUp(() => {
    release();
    server.close();
  });
}

describe('a socket file', () => {
  it.each([2, 3])('is left to one that takes its place right before look %i at the dead one', async (look) => {
    const folder = tempFolder();
    const path = join(folder, NAME);
    await leaveDeadSocket(folder);
    await stranger({ path: `${path}-` });
    let looks = 0;
    jest.mocked(lstat).mockImplementation((async (file: string, options: object) => {
      if (file === path && ++looks === look) renameSync(`${path}-`, path);
      return actual.lstat(file, options);
    }) as typeof lstat);

    await expect(bind(path)).rejects.toMatchObject({ code: 'EADDRINUSE' });

    const socket = connect({ path });
    await once(socket, 'connect');
    socket.destroy();
    expect(readdirSync(folder)).toEqual([NAME]);
  });

  it('is refused with the error of a file system that has no links, and leaves nothing behind', async () => {
    const folder = tempFolder();
    const error = Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
    jest.mocked(link).mockRejectedValueOnce(error);

    await expect(bind(join(folder, NAME))).rejects.toBe(error);

    expect(readdirSync(folder)).toEqual([]);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseProcessStat, readTextIfAllowed } from '../../src/common/process-files.js';
import { findOpenClaw } from '../../src/state-folder/openclaw-lock.js';
import { portOf, stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

/** A state folder with the lock of an OpenClaw in it. */
function folderWith(lock: unknown): string {
  const folder = tempFolder();
  const uid = process.getuid?.();
  const place = join(folder, 'tmp', uid === undefined ? 'openclaw' : `openclaw-${uid}`);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'gateway.state.lock'), typeof lock === 'string' ? lock : JSON.stringify(lock));
  return folder;
}

const startTime = Number(parseProcessStat(readTextIfAllowed(`/proc/${process.pid}/stat`)).startTicks);
const { pid } = process;

describe('findOpenClaw', () => {
  if (LINUX) {
    it('finds the process that wrote the lock, and where it listens', async () => {
      expect(await findOpenClaw(folderWith({ pid, startTime, port: 18_789 }))).toEqual({
        verdict: 'foreign',
        isOpenClaw: true,
        url: 'ws://127.0.0.1:18789',
        ownership: 'unknown',
        owner: { pid, isGateway: true, pidsInNamespaces: [pid] },
      });
    });

    it('finds one that writes to the folder and does not listen', async () => {
      const found = await findOpenClaw(folderWith({ pid, startTime }));

      expect(found).toMatchObject({ url: 'unknown address', owner: { isGateway: false } });
    });

    it('takes a later process with the same number for what it is', async () => {
      const port = portOf(await stranger());

      expect(await findOpenClaw(folderWith({ pid, startTime: startTime - 1, port }))).toBeUndefined();
    });
  }

  it('asks the port where the lock does not tell when its process started', async () => {
    const listening = await findOpenClaw(folderWith({ pid, port: portOf(await stranger()) }));
    const silent = await findOpenClaw(folderWith({ pid, port: await freePort() }));

    expect(listening).toMatchObject({ isOpenClaw: true });
    expect(silent).toBeUndefined();
  });

  it('finds none behind the lock of a process that has ended', async () => {
    const ended = spawnSync(process.execPath, ['--version']);

    expect(await findOpenClaw(folderWith({ pid: ended.pid }))).toBeUndefined();
  });

  it.each(['', 'nonsense', '7', 'null', '{}', '{"pid":"1"}', '{"pid":0}'])(
    'finds none in a lock of %j',
    async (text) => {
      expect(await findOpenClaw(folderWith(text))).toBeUndefined();
    },
  );

  it('finds none where there is no lock', async () => {
    expect(await findOpenClaw(tempFolder())).toBeUndefined();
  });
});

import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';

import { TellOfDeath } from '../../src/launcher/tell-of-death.service.js';
import { processStart } from '../../src/launcher/process-identity.js';
import { onCleanUp } from '../kit/cleaner.js';
import { snapshot } from '../kit/snapshot.js';
import { tempFolder } from '../kit/temp.js';

const LAST_SEEN = new Date('2026-01-31T12:03:04.250Z');
const SIGN = /^the last run, pid \d+, ended without a stop; last seen (\S+)$/;

/** What a start in the foreground warns of in this state folder. */
function startIn(folder: string): string[] {
  const warned: string[] = [];
  const spy = jest.spyOn(Logger.prototype, 'warn').mockImplementation((text) => void warned.push(String(text)));
  onCleanUp(() => spy.mockRestore());
  new TellOfDeath(folder).onApplicationBootstrap();
  spy.mockRestore();
  return warned;
}

/** A state folder in which a launcher has started this process, or another one with its number. */
function launchedIn(start: string | null): string {
  const folder = tempFolder();
  const running = { pid: process.pid, start, since: Date.now() };
  writeFileSync(join(folder, 'launcher.json'), JSON.stringify({ running, deaths: [] }), { mode: 0o600 });
  writeFileSync(join(folder, 'gateway.log'), 'a line\n', { mode: 0o600 });
  utimesSync(join(folder, 'gateway.log'), LAST_SEEN, LAST_SEEN);
  return folder;
}

describe('a start in the foreground', () => {
  it('tells once that the last gateway in the background has died, and when it was seen last', () => {
    const folder = launchedIn('linux another-boot 1');

    const [line = '', ...more] = startIn(folder);

    expect(new Date(SIGN.exec(line)?.[1] ?? '')).toEqual(LAST_SEEN);
    expect([more, startIn(folder)]).toEqual([[], []]);
    expect(JSON.parse(readFileSync(join(folder, 'launcher.json'), 'utf8'))).toMatchObject({ running: null });
  });

  it('says and writes nothing where that one runs, or there was none', () => {
    const folders = [launchedIn(processStart(process.pid).mark ?? null), tempFolder()];
    const before = snapshot(...folders);

    expect(folders.flatMap(startIn)).toEqual([]);
    expect(snapshot(...folders)).toEqual(before);
  });

  it('serves all the same where a folder is in the place of the file of the launcher', () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'launcher.json'));

    expect(startIn(folder)).toEqual([]);
  });
});

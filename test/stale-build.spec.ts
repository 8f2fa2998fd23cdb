import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { changedSince, stamp } from './kit/built-from.js';
import { tempFolder } from './kit/temp.js';

function builtProject(): { root: string; file: (path: string) => string } {
  const root = tempFolder();
  const file = (path: string): string => join(root, path);
  mkdirSync(file('dist'));
  mkdirSync(file('src/room'), { recursive: true });
  writeFileSync(file('src/main.ts'), 'main');
  writeFileSync(file('src/room/part.ts'), 'part');
  stamp(root, 'dist', 'src');
  return { root, file };
}

describe('the build that process specs run', () => {
  it('is up to date while the sources have the same content, whatever their times', () => {
    const { root, file } = builtProject();
    const tomorrow = Date.now() / 1000 + 86_400;
    utimesSync(file('src/main.ts'), tomorrow, tomorrow);

    expect(changedSince(root, 'dist', 'src')).toBeUndefined();
  });

  it.each<[what: string, change: (file: (path: string) => string) => void, named: string]>([
    ['edited', (file) => writeFileSync(file('src/room/part.ts'), 'another'), 'src/room/part.ts'],
    ['added', (file) => writeFileSync(file('src/new.ts'), ''), 'src/new.ts'],
    ['removed', (file) => rmSync(file('src/room/part.ts')), 'src/room/part.ts'],
  ])('is stale when a source was %s, and names it', (_what, change, named) => {
    const { root, file } = builtProject();
    change(file);

    expect(changedSince(root, 'dist', 'src')).toBe(named);
  });

  it('is stale when what it bundles was built anew from other sources', () => {
    const { root, file } = builtProject();
    mkdirSync(file('build'));
    mkdirSync(file('fixtures'));
    const sources = ['fixtures', 'dist/.built-from.json'] as const;
    stamp(root, 'build', ...sources);
    stamp(root, 'dist', 'src');
    expect(changedSince(root, 'build', ...sources)).toBeUndefined();

    writeFileSync(file('src/room/part.ts'), 'another');
    stamp(root, 'dist', 'src');

    expect(changedSince(root, 'build', ...sources)).toBe('dist/.built-from.json');
  });

  it('is stale when no build has left a stamp', () => {
    const { root, file } = builtProject();
    rmSync(file('dist/.built-from.json'));

    expect(changedSince(root, 'dist', 'src')).toBe('src/main.ts');
  });
});

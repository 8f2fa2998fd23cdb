import {
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { createWhole, removeTemporariesOf, replaceWhole } from '../../src/common/private-file.js';
import { modeOf, tempFolder } from '../kit/temp.js';

describe('createWhole', () => {
  test('makes a file and the folders above it for this user alone, and leaves nothing beside it', () => {
    const folder = join(tempFolder(), 'of', 'ours');
    const file = join(folder, 'file');
    expect(createWhole(file, 'text')).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('text');
    expect([modeOf(file), modeOf(folder)]).toEqual([0o600, 0o700]);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test.each(['a file', 'a link that leads nowhere'])('replaces nothing: %s', (kind) => {
    const folder = tempFolder();
    const file = join(folder, 'file');
    if (kind === 'a file') writeFileSync(file, 'theirs');
    else symlinkSync('nowhere', file);
    expect(createWhole(file, 'ours')).toBe(false);
    expect(kind === 'a file' ? readFileSync(file, 'utf8') : readlinkSync(file)).toBe(
      kind === 'a file' ? 'theirs' : 'nowhere',
    );
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('throws what keeps it from being placed, and leaves nothing behind', () => {
    const folder = tempFolder();
    const home = process.cwd();
    process.chdir(folder);
    try {
      expect(() => createWhole('', 'text')).toThrow('ENOENT');
    } finally {
      process.chdir(home);
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('replaceWhole', () => {
  test('puts a file in place of another, for this user alone', () => {
    const folder = tempFolder();
    const file = join(folder, 'file');
    writeFileSync(file, 'old', { mode: 0o644 });
    replaceWhole(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(modeOf(file)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('leaves nothing behind where it cannot', () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'file'));
    expect(() => replaceWhole(join(folder, 'file'), 'text')).toThrow('EISDIR');
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('what a killed process has left', () => {
  const UUID = '01234567-89ab-4cde-8f01-23456789abcd';
  const long = new Date(Date.now() - 3_600_000);
  const leave = (path: string, age = long): void => {
    writeFileSync(path, 'a whole token');
    utimesSync(path, age, age);
  };

  test('is removed beside the file that it was to become, when it is old', () => {
    const folder = tempFolder();
    const file = join(folder, 'file');
    leave(`${file}.${UUID}`);
    const others = ['file', 'file.bak', `file.x.${UUID}`, `other.${UUID}`];
    for (const name of others) leave(join(folder, name));
    leave(`${file}.${UUID.replace('0', '1')}`, new Date());

    removeTemporariesOf(file);

    expect(readdirSync(folder).sort()).toEqual([...others, `file.${UUID.replace('0', '1')}`].sort());
  });

  (process.getuid?.() === 0 ? test : test.skip)("stays where it is another user's (needs root to be two users)", () => {
    const folder = tempFolder();
    leave(join(folder, `file.${UUID}`));
    lchownSync(join(folder, `file.${UUID}`), 65534, 65534);

    removeTemporariesOf(join(folder, 'file'));

    expect(readdirSync(folder)).toEqual([`file.${UUID}`]);
  });
});

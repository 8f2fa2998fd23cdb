import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { codeOf, createWhole, readIfThere, replaceWhole } from '../../src/common/private-file.js';
import { tempFolder } from '../kit/temp.js';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

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
    expect(readIfThere(file)).toBe(kind === 'a file' ? 'theirs' : undefined);
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

describe('readIfThere', () => {
  test('tells a missing file from one that cannot be read', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'file'), 'text');
    expect(readIfThere(join(folder, 'file'))).toBe('text');
    expect(readIfThere(join(folder, 'missing'))).toBeUndefined();
    expect(readIfThere(join(folder, 'file', 'below'))).toBeUndefined();
    expect(() => readIfThere(folder)).toThrow('EISDIR');
  });

  test('does not wait for what has no end', () => {
    const file = join(tempFolder(), 'file');
    expect(() => readIfThere('/dev/null')).toThrow('not a file');
    writeFileSync(file, '');
    truncateSync(file, 1024 * 1024);
    expect(readIfThere(file)).toHaveLength(1024 * 1024);
    truncateSync(file, 1024 * 1024 + 1);
    expect(() => readIfThere(file)).toThrow('more than 1048576 bytes');
  });
});

test('codeOf has a word for what has no code', () => {
  expect(codeOf(new Error('no code'))).toBe('unknown');
});

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, constants, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { NotAllowedError } from '../../src/common/not-allowed.error.js';
import { codeOf, openOwn, readIfThere } from '../../src/common/own-file.js';
import { tempFolder } from '../kit/temp.js';

const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65534;

function fileWith(text: string, mode = 0o600): string {
  const file = join(tempFolder(), 'file');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

function refusalOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('readIfThere', () => {
  test('tells a missing file from one that cannot be read', () => {
    const file = fileWith('text');
    expect(readIfThere(file)).toBe('text');
    expect(readIfThere(join(tempFolder(), 'missing'))).toBeUndefined();
    expect(readIfThere(join(file, 'below'))).toBeUndefined();
    expect(() => readIfThere(tempFolder())).toThrow('EISDIR');
  });

  test('does not wait for what has no end', () => {
    const file = fileWith('');
    const pipe = join(tempFolder(), 'pipe');
    spawnSync('mkfifo', [pipe]);
    expect(() => readIfThere('/dev/null')).toThrow('not a file');
    expect(() => readIfThere(pipe)).toThrow('not a file');
    truncateSync(file, 1024 * 1024);
    expect(readIfThere(file)).toHaveLength(1024 * 1024);
    truncateSync(file, 1024 * 1024 + 1);
    expect(() => readIfThere(file)).toThrow('more than 1048576 bytes');
  });

  (IS_ROOT ? test : test.skip)('does not wait for the kernel to say more (needs root)', () => {
    // For stat(2) it is a regular file without a size. A read of it waits for the next message.
    expect(() => readIfThere('/proc/kmsg')).toThrow(/^(EAGAIN|EPERM|ENOENT|more than|.*cannot be opened)/);
  });

  test('follows a link only where it may', () => {
    const link = join(tempFolder(), 'link');
    symlinkSync(fileWith('text'), link);
    expect(() => readIfThere(link)).toThrow('ELOOP');
    expect(readIfThere(link, { links: true })).toBe('text');
  });
});

describe('a file', () => {
  test.each([0o620, 0o602, 0o666, 0o777])('that others may write is refused, mode %o', (mode) => {
    const file = fileWith('text', mode);

    const refusal = refusalOf(() => readIfThere(file));

    expect(refusal).toBeInstanceOf(NotAllowedError);
    expect(refusal.message).toBe(
      `${file} can be written by other users (mode ${mode.toString(8)}): take that away: chmod go-w ${file}`,
    );
  });

  test.each([0o600, 0o400, 0o644, 0o755])('that others may at most read is taken, mode %o', (mode) => {
    expect(readIfThere(fileWith('text', mode))).toBe('text');
  });

  (IS_ROOT ? test : test.skip)("of another user's is refused (needs root to be two users)", () => {
    const file = fileWith('text');
    chownSync(file, NOBODY, NOBODY);

    const refusal = refusalOf(() => openOwn(file, constants.O_WRONLY));

    expect(refusal).toBeInstanceOf(NotAllowedError);
    expect(refusal.message).toBe(
      `${file} belongs to another user (uid ${NOBODY}): run this as that user, or make it this user's: chown ${userInfo().username} ${file}`,
    );
  });

  (IS_ROOT ? test : test.skip)("of root's is taken only where users may have one (needs root to be two users)", () => {
    const [file, folder] = [fileWith('text', 0o644), tempFolder()];
    const link = join(folder, 'link');
    symlinkSync(file, link);
    chmodSync(join(file, '..'), 0o755);
    chmodSync(folder, 0o755);
    process.seteuid?.(NOBODY);
    try {
      expect(refusalOf(() => readIfThere(file)).message).toContain(`${file} belongs to root (uid 0): `);
      expect(readIfThere(link, { orRoots: true, links: true })).toBe('text');
    } finally {
      process.seteuid?.(0);
    }
    chmodSync(file, 0o666);
    expect(() => readIfThere(link, { orRoots: true, links: true })).toThrow('can be written by other users');
  });

  (IS_ROOT ? test : test.skip)('that may not be opened is refused with its owner (needs root to be two users)', () => {
    const file = fileWith('text');
    chmodSync(join(file, '..'), 0o755);
    process.seteuid?.(NOBODY);
    try {
      expect(refusalOf(() => readIfThere(file))).toBeInstanceOf(NotAllowedError);
      expect(refusalOf(() => readIfThere(file)).message).toContain(`${file} belongs to root (uid 0): `);
    } finally {
      process.seteuid?.(0);
    }
  });

  test('is named so that the command can be pasted', () => {
    const file = join(tempFolder(), "it's");
    writeFileSync(file, '');
    chmodSync(file, 0o666);

    expect(refusalOf(() => closeSync(openOwn(file, constants.O_RDONLY))).message).toContain(
      `chmod go-w '${file.replace("'", "'\\''")}'`,
    );
  });
});

test('codeOf has a word for what has no code', () => {
  expect(codeOf(new Error('no code'))).toBe('unknown');
});

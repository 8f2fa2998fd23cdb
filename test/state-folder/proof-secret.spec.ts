import { randomUUID } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { obtainProofSecret, readProofSecret } from '../../src/state-folder/proof-secret.js';
import { tempFolder } from '../kit/temp.js';

const FILE = 'gateway.secret';

describe('the secret of a state folder', () => {
  it('is made once, for this user alone, and is another in each folder', () => {
    const [folder, other] = [tempFolder(), tempFolder()];

    const secret = obtainProofSecret(folder);

    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(obtainProofSecret(folder)).toBe(secret);
    expect(readProofSecret(folder)).toBe(secret);
    expect(statSync(join(folder, FILE)).mode & 0o777).toBe(0o600);
    expect(obtainProofSecret(other)).not.toBe(secret);
  });

  it('is made anew where others could read it, and is believed by no process meanwhile', () => {
    const folder = tempFolder();
    const secret = obtainProofSecret(folder);
    chmodSync(join(folder, FILE), 0o644);

    expect(readProofSecret(folder)).toBeUndefined();
    const next = obtainProofSecret(folder);

    expect(next).toMatch(/^[\w-]{43}$/);
    expect(next).not.toBe(secret);
  });

  it('is made anew in place of a text that is none', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, FILE), 'short\n', { mode: 0o600 });

    expect(readProofSecret(folder)).toBeUndefined();
    expect(obtainProofSecret(folder)).toBe(readFileSync(join(folder, FILE), 'utf8').trim());
    expect(readdirSync(folder)).toEqual([FILE]);
  });

  it('is made after what a killed process has left of it, and of the file that opens the page, is removed', () => {
    const folder = tempFolder();
    const left = [FILE, 'open.html'].map((file) => join(folder, `${file}.${randomUUID()}`));
    const young = join(folder, `open.html.${randomUUID()}`);
    for (const file of [...left, young]) writeFileSync(file, 'the token', { mode: 0o600 });
    for (const file of left) utimesSync(file, 0, 0);

    obtainProofSecret(folder);

    expect(
      readdirSync(folder)
        .map((name) => join(folder, name))
        .sort(),
    ).toEqual([join(folder, FILE), young].sort());
  });

  it('is refused where others may write it', () => {
    const folder = tempFolder();
    obtainProofSecret(folder);
    chmodSync(join(folder, FILE), 0o666);

    expect(() => obtainProofSecret(folder)).toThrow('can be written by other users');
    expect(readProofSecret(folder)).toBeUndefined();
  });

  it('is missing where it cannot be made', () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');

    expect(obtainProofSecret(file)).toBeUndefined();
    expect(readProofSecret(file)).toBeUndefined();
  });
});

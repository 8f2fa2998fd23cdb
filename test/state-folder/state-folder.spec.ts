import { chmodSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../../src/common/input.error.js';
import { NotAllowedError } from '../../src/common/not-allowed.error.js';
import { identityOf, openStateFolder } from '../../src/state-folder/state-folder.js';
import { tempFolder } from '../kit/temp.js';

describe('a state folder', () => {
  it('is made for this user alone, with those above it', async () => {
    const folder = join(tempFolder(), 'of', 'ours');

    await openStateFolder(folder);

    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('is the same one however its path is spelled', async () => {
    const folder = tempFolder();
    const link = join(tempFolder(), 'link');
    symlinkSync(folder, link);

    expect(await openStateFolder(link)).toEqual(await openStateFolder(folder));
    expect(await identityOf(`${folder}/.`)).toEqual(await openStateFolder(folder));
    expect(await identityOf(tempFolder())).not.toEqual(await openStateFolder(folder));
  });

  it('is refused where it is a file, with the way out', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');

    const opened = openStateFolder(file);

    await expect(opened).rejects.toBeInstanceOf(InputError);
    await expect(opened).rejects.toThrow(
      `the state folder ${JSON.stringify(file)} cannot be made or used (EEXIST: file already exists): fix it, or choose another one with OPENCLAW_STATE_DIR`,
    );
  });

  it('is refused where other users may write it, with the way out', async () => {
    const folder = tempFolder();
    chmodSync(folder, 0o777);

    const opened = openStateFolder(folder);

    await expect(opened).rejects.toBeInstanceOf(NotAllowedError);
    await expect(opened).rejects.toThrow(/can be written by other users .* or choose another folder with /);
  });

  it('has no identity where it is missing', async () => {
    await expect(identityOf(join(tempFolder(), 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

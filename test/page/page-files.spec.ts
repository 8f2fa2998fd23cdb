import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { PageFiles } from '../../src/page/page-files.js';
import { tempFolder } from '../kit/temp.js';

describe('the files of the page', () => {
  it('are read when they are first asked for, and not again', async () => {
    const folder = tempFolder();
    const files = new PageFiles(pathToFileURL(`${folder}/`));
    writeFileSync(join(folder, 'page.js'), 'first');

    expect(await files.read('page.js')).toBe('first');
    writeFileSync(join(folder, 'page.js'), 'of a later version');
    // At once, so that it counts as the work of the client that asks.
    expect(files.read('page.js')).toBe('first');
  });

  it('are asked for again where they could not be read', async () => {
    const folder = tempFolder();
    const files = new PageFiles(pathToFileURL(`${folder}/`));

    await expect(files.read('page.js')).rejects.toThrow('ENOENT');
    writeFileSync(join(folder, 'page.js'), 'mended');
    expect(await files.read('page.js')).toBe('mended');
    rmSync(join(folder, 'page.js'));
  });
});

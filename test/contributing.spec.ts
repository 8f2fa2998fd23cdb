import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './kit/program.js';

/** A step of a flow: a file of `src`, and the names in it that the reader is to look for. */
const STEP = /^\| `([\w/.-]+\.ts)`((?:,? `\w+`)+) +\|/gm;

describe('the flows in CONTRIBUTING.md', () => {
  const steps = [...readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8').matchAll(STEP)].flatMap(
    ([, file = '', names = '']) => [...names.matchAll(/\w+/g)].map(([name]) => [file, name] as const),
  );

  it('are there', () => {
    expect(steps.length).toBeGreaterThan(30);
  });

  it.each(steps)('lead to %s %s', (file, name) => {
    const source = readFileSync(join(ROOT, 'src', file), 'utf8');
    expect(source).toMatch(new RegExp(`(?:function\\*? |class |async |static |^  )${name}(?:<[^(]*)?[\\s(]`, 'm'));
  });
});

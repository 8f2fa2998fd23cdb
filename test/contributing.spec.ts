import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './kit/program.js';

/** A step of a flow: a file of `src`, and the names in it that the reader is to look for. */
const STEP = /^\| `([\w/.-]+\.ts)`((?:,? `\w+`)+) +\|/gm;

/** The begin of a flow: what it is called, and how many files it says that it has. */
const FLOW = /^\*\*(.+?)\*\*.*? (\w+) files[.;,]/m;
const NUMBERS = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten'];

describe('the flows in CONTRIBUTING.md', () => {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const steps = [...text.matchAll(STEP)].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/\w+/g)].map(([name]) => [file, name] as const),
  );
  const flows = text.split(/^(?=\*\*)/m).filter((part) => FLOW.test(part) && [...part.matchAll(STEP)].length > 0);

  it('are there', () => {
    expect(steps.length).toBeGreaterThan(30);
  });

  it('go through as many files as they say', () => {
    const said = flows.map((flow) => FLOW.exec(flow)?.slice(1) ?? []);
    const counted = flows.map((flow) => new Set([...flow.matchAll(STEP)].map(([, file]) => file)).size);

    expect(said).toHaveLength(4);
    expect(said).toEqual(said.map(([name], index) => [name, NUMBERS[counted[index] ?? 0]]));
  });

  it.each(steps)('lead to %s %s', (file, name) => {
    const source = readFileSync(join(ROOT, 'src', file), 'utf8');
    expect(source).toMatch(new RegExp(`(?:function\\*? |class |async |static |^  )${name}(?:<[^(]*)?[\\s(]`, 'm'));
  });
});

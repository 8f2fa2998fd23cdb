import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './kit/program.js';

/** A step of a flow: a file of `src`, and the names in it that the reader is to look for. */
const STEP = /^\| `([\w/.-]+\.ts)`((?:,? `\w+`)+) +\|/gm;

/** The begin of a flow: what it is called, and how many files it says that it has. */
const FLOW = /^\*\*(.+?)\*\*.*? (\w+) files[.;,]/m;
const NUMBERS =
  'No One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen Sixteen Seventeen Eighteen Nineteen Twenty'.split(
    ' ',
  );

/** Nest calls its hooks, and `cli.ts` the end of a command. */
const CALLED_FROM_OUTSIDE = /^(?:on(?:Module|Application)\w+|endCommand)$/;

interface Step {
  readonly file: string;
  readonly name: string;
}

function stepsOf(flow: string): Step[] {
  return [...flow.matchAll(STEP)].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/\w+/g)].map(([name]) => ({ file, name })),
  );
}

const sourceOf = (file: string): string => readFileSync(join(ROOT, 'src', file), 'utf8');

/** Where a name is declared, which may be a member of a class. */
const declarationOf = (name: string): RegExp =>
  new RegExp(`^.*(?:function\\*? |class |async |static |const |^  )${name}(?:<[^(]*)?[\\s(:].*$`, 'm');

/** Whether a file uses a name, beyond its declaration and its comments. */
function uses(file: string, name: string): boolean {
  const code = sourceOf(file).replace(/\/\*\*[^]*?\*\/|^ *\/\/.*$/gm, '');
  return new RegExp(`\\b${name}\\b`).test(code.replace(declarationOf(name), ''));
}

describe('the flows in CONTRIBUTING.md', () => {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const flows = text.split(/^(?=\*\*)/m).filter((part) => FLOW.test(part) && stepsOf(part).length > 0);
  const steps = flows.flatMap((flow) =>
    stepsOf(flow).map((step, index, all) => [step.file, step.name, all.slice(0, index)] as const),
  );

  it('are there', () => {
    expect(steps.length).toBeGreaterThan(50);
  });

  it('go through as many files as they say', () => {
    const said = flows.map((flow) => FLOW.exec(flow)?.slice(1) ?? []);
    const counted = flows.map((flow) => new Set(stepsOf(flow).map(({ file }) => file)).size);

    expect(said).toHaveLength(4);
    expect(said).toEqual(said.map(([name], index) => [name, NUMBERS[counted[index] ?? 0]]));
  });

  it.each(steps)('lead to %s %s', (file, name) => {
    expect(sourceOf(file)).toMatch(declarationOf(name));
  });

  it.each(steps.filter(([, name, before]) => before.length > 0 && !CALLED_FROM_OUTSIDE.test(name)))(
    'come to %s %s from a step before it',
    (file, name, before) => {
      const callers = [...before.map((step) => step.file), file].filter((caller) => uses(caller, name));
      expect(callers).not.toEqual([]);
    },
  );
});

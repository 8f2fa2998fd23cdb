import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { withDefaults } from '../src/options/gateway-lock.options.js';

import { ROOT } from './kit/program.js';

const SETTINGS: object = withDefaults({});
const NUMBER_ROW = /^\| `([\w.]+)` +\| (\d+) +\|/gm;

const settingAt = (path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], SETTINGS);

describe('the defaults of the module', () => {
  it.each([
    ['module.md', 12],
    ['control-port.md', 11],
  ])('are those in docs/%s', (file, count) => {
    const rows = Array.from(readFileSync(join(ROOT, 'docs', file), 'utf8').matchAll(NUMBER_ROW));

    expect(rows).toHaveLength(count);
    expect(rows.map(([, path = '']) => [path, settingAt(path)])).toEqual(
      rows.map(([, path, number]) => [path, Number(number)]),
    );
  });
});

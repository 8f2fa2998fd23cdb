import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../src/common/input.error.js';
import { NotAllowedError } from '../src/common/not-allowed.error.js';
import { GatewayCallError, type CallFailure } from '../src/control/client/gateway-call.error.js';
import { FleetError, type FleetErrorCode } from '../src/fleet/fleet.error.js';
import { LaunchError, type LaunchFailure } from '../src/launcher/launch.error.js';
import { exitCodeOf } from '../src/process/exit-code.js';
import { ROOT } from './kit/program.js';

const EXPORTS = /^export \{([^}]+)\} from '\.\/(.+)\.js';$/gm;
const ROW = /^\| +(?:`(\w+)`)? *\| +(?:`(.+?)`|that of the request error) +\| .+ \| (.*?) *\|$/gm;
/** A class that begins so has the codes of another one here. */
const INHERITS = 'extends FleetError ';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** What `src/index.ts` exports: each class of errors, and its codes, which stand in the file of the class; `''` without any. */
function exportedErrors(): (readonly [type: string, code: string])[] {
  return [...read('src/index.ts').matchAll(EXPORTS)].flatMap(([, names = '', path = '']) => {
    const errors = names.split(',').filter((name) => /^ *\w+(?:Error|Exception) *$/.test(name));
    if (errors.length === 0) return [];
    const source = read(`src/${path}.ts`);
    return errors.flatMap((name) => codesIn(source, name.trim()).map((code) => [name.trim(), code] as const));
  });
}

function codesIn(source: string, name: string): string[] {
  const [body = ''] = source.split(`export class ${name} `).slice(1);
  const [, type, literal] = /readonly code(?:: (\w+)| = '(.+)')/.exec(body.split('\n}\n')[0] ?? '') ?? [];
  if (literal !== undefined) return [literal];
  if (type === undefined) return body.startsWith(INHERITS) ? [] : [''];
  const [union = ''] = source.split(`export type ${type} =`)[1]?.split(';') ?? [];
  return [...union.matchAll(/'(.+?)'/g)].map(([, code = '']) => code);
}

/** The table: class, code and exit code. */
function documentedErrors(): { readonly type: string; readonly code: string; readonly exitCode: string }[] {
  let current = '';
  return [...read('docs/errors.md').matchAll(ROW)].map(([, type, code = '', exitCode = '']) => {
    current = type ?? current;
    return { type: current, code, exitCode };
  });
}

const errorOf: Readonly<Record<string, (code: string) => Error>> = {
  InputError: () => new InputError('why'),
  NotAllowedError: () => new NotAllowedError('why'),
  FleetError: (code) => new FleetError(code as FleetErrorCode, 'why'),
  GatewayCallError: (code) => new GatewayCallError(code as CallFailure, 'why'),
  LaunchError: (code) => new LaunchError(code as LaunchFailure, 'why'),
};

describe('docs/errors.md', () => {
  const rows = documentedErrors();

  it('has each class that is exported, with each of its codes, and nothing else', () => {
    const documented = rows.map(({ type, code }) => [type, code]);
    const exported = exportedErrors();
    expect(exported.length).toBeGreaterThan(20);
    expect(documented.sort()).toEqual(exported.sort());
  });

  const plain = rows.filter(({ exitCode }) => /^\d+$/.test(exitCode));

  it('says with one number what most of them end with', () => {
    expect(plain.length).toBeGreaterThan(15);
  });

  it.each(plain)('is right about $type $code: $exitCode', ({ type, code, exitCode }) => {
    expect(exitCodeOf(errorOf[type]?.(code))).toBe(Number(exitCode));
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './kit/program.js';

const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const filesIn = (folder: string, end: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(end))
    .map((file) => join(folder, file));

/** A class, by the way its name ends. */
const CLASS =
  /`@?([A-Z]\w+(?:Module|Service|Error|Exception|Adapter|Server|Gateway|Guard|Pipe|Filter|Lease|Client))\b/g;
const IMPORT = /^import (?:type )?\{[^}]*\} from '[^']+';$/gm;

describe('what the docs name', () => {
  const docs = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...filesIn('docs', '.md')];

  it('is a class of ours, or one that a sample imports', () => {
    const text = docs.map(textOf).join('\n');
    const known = [...filesIn('src', '.ts').map(textOf), ...(text.match(IMPORT) ?? [])].join('\n');
    const words = new Set(known.match(/\w+/g));
    const named = new Set(Array.from(text.matchAll(CLASS), ([, name = '']) => name));

    expect(named.size).toBeGreaterThan(20);
    expect([...named].filter((name) => !words.has(name))).toEqual([]);
  });

  it('is a spec that there is', () => {
    const named = docs.flatMap((file) => textOf(file).match(/\btest\/[\w/.-]+\.ts\b/g) ?? []);

    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it('in .env.example is each variable that the configuration reads', () => {
    const read = filesIn('src/config', '.ts').flatMap((file) => textOf(file).match(/OPENCLAW_\w+(?=';$)/gm) ?? []);
    const named = Array.from(textOf('.env.example').matchAll(/^#(OPENCLAW_\w+)=/gm), ([, name]) => name);

    expect(named.toSorted()).toEqual([...new Set(read)].toSorted());
  });
});

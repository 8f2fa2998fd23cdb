import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { CachedScripts, FUNCTION_HEAD, FUNCTION_TAIL } from '../../src/common/cached-scripts.js';
import { tempFolder } from '../kit/temp.js';

type Answer = () => string;

/** Scripts of the texts, in a folder of their own. */
function folderOf(texts: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), wrapped(text));
  return folder;
}

const wrapped = (text: string): string => `${FUNCTION_HEAD}${text}${FUNCTION_TAIL}`;

const scriptsOf = (folder: string): CachedScripts => new CachedScripts(folder, createRequire(__filename));
const answerOf = (folder: string): string => (scriptsOf(folder).require('./a.cjs') as { answer: Answer }).answer();

/** V8 tells texts apart by their length alone, by which it is seen whether it has read them. */
const TEXT = 'exports.answer = () => "text";';
const OTHER = 'exports.answer = () => "TEXT";';

/** Keeps the code of the first text, and leaves the other one in its place. */
function keptOf(): { folder: string; files: string[] } {
  const folder = folderOf({ 'a.cjs': TEXT });
  const scripts = scriptsOf(folder);
  (scripts.require('./a.cjs') as { answer: Answer }).answer();
  scripts.keep();
  writeFileSync(join(folder, 'a.cjs'), wrapped(OTHER));
  return { folder, files: readdirSync(folder).filter((name) => name !== 'a.cjs') };
}

describe('cached scripts', () => {
  it('are loaded as require() does: once, with what they load from beside them and from elsewhere', () => {
    const folder = folderOf({
      'a.cjs': 'exports.b = require("./b.cjs"); exports.name = require("node:path").basename(__filename);',
      'b.cjs': 'module.exports = { folder: __dirname };',
    });
    const scripts = scriptsOf(folder);
    const a = scripts.require('./a.cjs') as { b: { folder: string }; name: string };

    expect(a.name).toBe('a.cjs');
    expect(a.b.folder).toBe(folder);
    expect(scripts.require('./a.cjs')).toBe(a);
    expect(scripts.require('./b.cjs')).toBe(a.b);
    expect(() => scripts.require('./c.cjs')).toThrow('ENOENT');
  });

  it('run again where they are told to', () => {
    const scripts = scriptsOf(folderOf({ 'a.cjs': TEXT }));

    expect(scripts.run('./a.cjs').exports).not.toBe(scripts.run('./a.cjs').exports);
  });

  it('may be of any length', () => {
    const length = 5_000_000;
    const scripts = scriptsOf(folderOf({ 'a.cjs': `exports.length = '${'x'.repeat(length)}'.length;` }));

    expect(scripts.require('./a.cjs')).toEqual({ length });
  });

  it.each([1, 2])('that throw in line %d are named in the stack, with line and column', (line) => {
    const folder = folderOf({ 'a.cjs': `${'\n'.repeat(line - 1)}  throw new Error("broken");` });

    let stack: string | undefined;
    try {
      scriptsOf(folder).require('./a.cjs');
    } catch (error) {
      stack = (error as Error).stack;
    }
    expect(stack).toContain(`${join(folder, 'a.cjs')}:${line}:9`);
  });

  it('are not read by V8 where their code was kept', () => {
    const { folder, files } = keptOf();

    expect(files).toEqual([`a.cjs.${process.version}-${process.platform}-${process.arch}.cache`]);
    expect(answerOf(folder)).toBe('text');
  });

  it.each([
    ['start', 'text'],
    ['', 'TEXT'],
  ])('may have what was kept of a part alone, and of %j are %j', (part, text) => {
    const folder = folderOf({ 'a.cjs': TEXT });
    const scripts = scriptsOf(folder);
    (scripts.require('./a.cjs') as { answer: Answer }).answer();
    scripts.keepPart('./a.cjs', 'start');
    writeFileSync(join(folder, 'a.cjs'), wrapped(OTHER));

    const { answer } = scriptsOf(folder).run('./a.cjs', part).exports as { answer: Answer };

    expect(answer()).toBe(text);
  });

  it.each([
    ['of another length', (text: Buffer) => text.subarray(0, -8)],
    ['by another V8', (text: Buffer) => Buffer.concat([text.subarray(0, 4), Buffer.alloc(8), text.subarray(12)])],
    ['as nothing', () => Buffer.alloc(0)],
  ])('are read where their code was kept %s, without a word, and nothing is written', (_how, spoil) => {
    const { folder, files } = keptOf();
    const [file = ''] = files;
    const spoilt = spoil(readFileSync(join(folder, file)));
    writeFileSync(join(folder, file), spoilt);

    expect(answerOf(folder)).toBe('TEXT');
    expect(readFileSync(join(folder, file))).toEqual(spoilt);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('are read where nothing was kept, and nothing is written', () => {
    const folder = folderOf({ 'a.cjs': TEXT });

    expect(answerOf(folder)).toBe('text');
    expect(readdirSync(folder)).toEqual(['a.cjs']);
  });
});

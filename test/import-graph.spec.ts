import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { preProcessFile } from 'typescript';

import { ROOT } from './kit/program.js';

const FOLDERS = ['src', 'test', 'bench'];

const sourcesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file));

/**
 * What each file of ours imports of ours, types included. The linter's rule on circles leaves those out, and takes as long
 * as all its other rules.
 */
function importGraph(): Map<string, string[]> {
  const files = new Set(FOLDERS.flatMap(sourcesIn));
  const importsOf = (file: string): string[] =>
    preProcessFile(readFileSync(join(ROOT, file), 'utf8'))
      .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
      .map(({ fileName }) => join(dirname(file), fileName))
      .map(
        (path) => [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx')].find((one) => files.has(one)) ?? path,
      );
  return new Map(Array.from(files, (file) => [file, importsOf(file)]));
}

/** The files of a circle, in the order in which they import each other; empty where there is none. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    const start = path.indexOf(file);
    if (start !== -1) return [...path.slice(start), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const imported of graph.get(file) ?? []) {
      const circle = visit(imported);
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}

describe('the imports of src, test and bench', () => {
  it('form no circle, types included', () => {
    const graph = importGraph();
    expect(graph.size).toBeGreaterThan(500);
    expect(findCircle(graph)).toEqual([]);
  });

  it('would show a circle', () => {
    const graph = new Map([
      ['a.ts', ['b.ts']],
      ['b.ts', ['c.ts']],
      ['c.ts', ['b.ts']],
    ]);
    expect(findCircle(graph)).toEqual(['b.ts', 'c.ts', 'b.ts']);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { preProcessFile } from 'typescript';

import { ROOT } from './kit/program.js';

const SOURCES = join(ROOT, 'src');

/** What each file of `src` imports from `src`, types included, which the linter's rule on circles leaves out. */
function importGraph(): Map<string, string[]> {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return new Map(
    files.map((file) => {
      const { importedFiles } = preProcessFile(readFileSync(join(SOURCES, file), 'utf8'));
      const own = importedFiles.filter(({ fileName }) => fileName.startsWith('.'));
      return [file, own.map(({ fileName }) => join(dirname(file), fileName).replace(/\.js$/, '.ts'))];
    }),
  );
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

describe('the imports of src', () => {
  it('form no circle, types included', () => {
    const graph = importGraph();
    expect(graph.size).toBeGreaterThan(100);
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

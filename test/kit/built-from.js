import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const STAMP = '.built-from.json';

/**
 * Records beside the output of a build what it was built from. By content, since `git checkout` gives files the time at
 * which it wrote them.
 *
 * @param output the folder that the build wrote, such as `dist`
 * @param sources the folders and files that it read, such as `src`
 */
export function stamp(root, output, ...sources) {
  writeFileSync(join(root, output, STAMP), `${JSON.stringify(hashes(root, sources), null, 2)}\n`);
}

/** @returns a file that has changed since the build, been added or been removed; `undefined` if the build is up to date */
export function changedSince(root, output, ...sources) {
  const now = hashes(root, sources);
  const path = join(root, output, STAMP);
  const then = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  return Object.keys({ ...now, ...then }).find((file) => now[file] !== then[file]);
}

function hashes(root, sources) {
  const paths = sources.flatMap((source) => filesOf(join(root, source))).sort();
  return Object.fromEntries(
    paths.map((path) => [
      relative(root, path).replaceAll(sep, '/'),
      createHash('sha256').update(readFileSync(path)).digest('hex'),
    ]),
  );
}

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

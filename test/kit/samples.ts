import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './program.js';

/** The files that the code blocks below one heading make, by their paths. */
export type Sample = ReadonlyMap<string, string>;

const HEADING = /^##+ (.+)$/;
const FENCE = /^```(\w*)$/;
const FILE_COMMENT = /^\/\/ (\S+\.\w+)$/;

/**
 * The code blocks of a document, by the heading that they are below. Each names its file in a comment on its first line.
 *
 * @throws {Error} a block names no file
 */
export function samplesOf(document: string): Map<string, Sample> {
  const samples = new Map<string, Map<string, string>>();
  let heading = '';
  let block: string[] | undefined;
  for (const line of readFileSync(join(ROOT, document), 'utf8').split('\n')) {
    const [, language] = FENCE.exec(line) ?? [];
    if (block && language !== undefined) {
      const [first = '', ...code] = block;
      const [, file] = FILE_COMMENT.exec(first) ?? [];
      if (file === undefined) throw new Error(`${document}, below "${heading}": the code names no file: ${first}`);
      const files = samples.get(heading) ?? new Map<string, string>();
      samples.set(heading, files.set(file, `${code.join('\n')}\n`));
      block = undefined;
    } else if (block) {
      block.push(line);
    } else if (language === 'ts' || language === 'js') {
      block = [];
    } else {
      heading = HEADING.exec(line)?.[1] ?? heading;
    }
  }
  return samples;
}

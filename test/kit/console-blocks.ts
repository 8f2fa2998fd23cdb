import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './program.js';

/** A command as a reader types it, and what the page says that it prints. */
export interface Step {
  readonly command: string;
  readonly output: string;
}

/** A block of commands. */
export interface ConsoleBlock {
  /** Where it begins, as `docs/page.md:12`. */
  readonly place: string;
  readonly steps: readonly Step[];
  /** Why it is not run. */
  readonly notRun?: string;
}

const BLOCK = /^(?:<!-- not run: (.+) -->\n+)?```console\n([^]*?)^```$/gm;

/** The blocks of a page that are marked `console`. A comment before a block, `<!-- not run: … -->`, says why it is not run. */
export function consoleBlocksOf(document: string): ConsoleBlock[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  return [...text.matchAll(BLOCK)].map(({ index, 1: notRun, 2: block = '' }) => {
    const place = `${document}:${text.slice(0, index).split('\n').length}`;
    return { place, steps: stepsOf(block), ...(notRun !== undefined && { notRun }) };
  });
}

function stepsOf(block: string): Step[] {
  const [, ...parts] = `\n${block}`.split(/\n\$ /);
  return parts.map((part) => {
    const [command = '', ...output] = part.trimEnd().split('\n');
    return { command, output: output.join('\n') };
  });
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { PACKAGE_VERSION } from '../common/package-version.js';
import { readIfThere } from '../common/own-file.js';

/** What is at the place of a file that is to be installed. */
export type FoundFile =
  | { readonly kind: 'missing' }
  /** Ours: with the same text below its first line, with another one, or changed by hand since it was written. */
  | { readonly kind: 'same' | 'older' | 'edited'; readonly text: string }
  /** Written by another program, or by hand. */
  | { readonly kind: 'foreign'; readonly text: string };

/** How the comment of a format begins and ends. */
export interface CommentStyle {
  readonly open: string;
  readonly close: string;
}

const MARKER = /^(.*)written by openclaw-gateway-lock (\S+), sha256 ([\da-f]{64})(.*)\n/m;

/**
 * Puts a line on top that tells a later install whether a person has changed the file since.
 *
 * @param head lines that the format wants before any comment
 */
export function marked(text: string, { open, close }: CommentStyle, head = ''): string {
  return `${head}${open}written by openclaw-gateway-lock ${PACKAGE_VERSION}, sha256 ${hashOf(head + text)}${close}\n${text}`;
}

/**
 * Compares a file with what is to be written there.
 *
 * @throws {NotAllowedError} another user owns the file or may write it, or this user may not read it
 */
export function findInstalled(path: string, text: string): FoundFile {
  const found = readIfThere(path, { links: true });
  if (found === undefined) return { kind: 'missing' };
  const [line, , , hash] = MARKER.exec(found) ?? [];
  if (line === undefined) return { kind: 'foreign', text: found };
  if (hashOf(found.replace(line, '')) !== hash) return { kind: 'edited', text: found };
  // The version that has written it is no reason to start the service anew.
  return { kind: hash === MARKER.exec(text)?.[3] ? 'same' : 'older', text: found };
}

/** Whether a file was written by an install, even if a person has changed it since. */
export function isInstalled(path: string): boolean {
  try {
    return MARKER.test(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The lines that two texts do not share, with `-` and `+` before them; what they share around them is left out. */
export function diffOf(before: string, after: string): string[] {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  // The length of the longest common part of what is left from each pair of lines on.
  const common = Array.from({ length: old.length + 1 }, () => new Array<number>(fresh.length + 1).fill(0));
  const at = (one: number, other: number): number => common[one]?.[other] ?? 0;
  for (let one = old.length - 1; one >= 0; one--) {
    for (let other = fresh.length - 1; other >= 0; other--) {
      const row = common[one] ?? [];
      row[other] =
        old[one] === fresh[other] ? at(one + 1, other + 1) + 1 : Math.max(at(one + 1, other), at(one, other + 1));
    }
  }
  const lines: string[] = [];
  for (let one = 0, other = 0; one < old.length || other < fresh.length;) {
    if (one < old.length && other < fresh.length && old[one] === fresh[other]) {
      one++;
      other++;
    } else if (other >= fresh.length || (one < old.length && at(one + 1, other) >= at(one, other + 1))) {
      lines.push(`- ${old[one++] ?? ''}`);
    } else lines.push(`+ ${fresh[other++] ?? ''}`);
  }
  return lines;
}

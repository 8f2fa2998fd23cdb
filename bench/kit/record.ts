import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { render, type PartResults } from './results.js';

/** What was last kept of a part. */
export interface RecordedPart extends PartResults {
  readonly date: string;
  readonly machine: string;
  readonly command: string;
}

/** By the name of the part. */
type RecordedParts = Readonly<Record<string, RecordedPart>>;

/** By the major version of Node. */
type RecordedVersions = Readonly<Record<string, RecordedParts>>;

const bench = (name: string): string => fileURLToPath(new URL(`../../../bench/${name}`, import.meta.url));
/** What the text is made of, and what a later run is compared with. */
const DATA_FILE = bench('results.json');
const TEXT_FILE = bench('RESULTS.md');

const [NODE_MAJOR = ''] = process.versions.node.split('.');

const HEADLINE = [
  '# Results of record\n',
  'Written by `npm run bench -- --record`, which replaces what it has measured and leaves the rest; do not edit it. A gateway',
  'beside a bare server of the same run, in turns on 127.0.0.1. Each figure is the median of the rounds, the least and the',
  'most; the ratio is the median of the ratios within the rounds.\n',
].join('\n');

/** Whatever was recorded on this major version of Node. */
export function recordedParts(): RecordedParts {
  return recordedVersions()[NODE_MAJOR] ?? {};
}

/** Keeps a part in the place of what was kept of it with this major version of Node. */
export function keep(name: string, part: RecordedPart): void {
  const versions = recordedVersions();
  const kept: RecordedVersions = { ...versions, [NODE_MAJOR]: { ...versions[NODE_MAJOR], [name]: part } };
  writeFileSync(DATA_FILE, `${JSON.stringify(kept, undefined, 2)}\n`);
  writeFileSync(TEXT_FILE, textOf(kept));
}

function recordedVersions(): RecordedVersions {
  return existsSync(DATA_FILE) ? (JSON.parse(readFileSync(DATA_FILE, 'utf8')) as RecordedVersions) : {};
}

function textOf(versions: RecordedVersions): string {
  const sections = Object.entries(versions).flatMap(([major, parts]) => [
    `## Node ${major}\n`,
    ...Object.entries(parts).map(([name, part]) => sectionOf(name, part)),
  ]);
  return [HEADLINE, ...sections].join('\n');
}

function sectionOf(name: string, part: RecordedPart): string {
  return `### ${name}\n\n\`${part.command}\`, ${part.date}; ${part.machine}.\n\n${render(part)}`;
}

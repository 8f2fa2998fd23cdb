import { DURATION_BUCKETS, type DurationTally } from './tally.js';

export type Labels = Readonly<Record<string, string>>;

/** One metric with all its samples. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** A line of text for people. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** Appended to the name of the family, which the parts of a histogram need. */
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

/** Writes metrics in the text format of Prometheus, version 0.0.4. */
export function prometheusText(families: readonly MetricFamily[]): string {
  return families
    .map((family) => `${[head(family), ...family.samples.map((one) => line(family, one))].join('\n')}\n`)
    .join('');
}

/** The samples of a histogram: cumulative buckets, the sum of all durations, and their number. */
export function histogramSamples(labels: Labels, { buckets, seconds }: DurationTally): Sample[] {
  let below = 0;
  const cumulative = buckets.map((count, index) => ({
    suffix: '_bucket',
    labels: { ...labels, le: String(DURATION_BUCKETS[index] ?? '+Inf') },
    value: (below += count),
  }));
  return [...cumulative, { suffix: '_sum', labels, value: seconds }, { suffix: '_count', labels, value: below }];
}

function head({ name, type, help }: MetricFamily): string {
  return `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${type}`;
}

function line({ name }: MetricFamily, { suffix = '', labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

import { histogramSamples, prometheusText } from '../../../src/control/metrics/prometheus-text.js';
import { DURATION_BUCKETS, DurationTally } from '../../../src/control/metrics/tally.js';

describe('the text format of Prometheus', () => {
  it('has a head and a line for each sample', () => {
    const text = prometheusText([
      { name: 'up', type: 'gauge', help: 'whether it is', samples: [{ value: 1 }] },
      {
        name: 'requests_total',
        type: 'counter',
        help: 'answered requests',
        samples: [{ labels: { method: 'health', outcome: 'ok' }, value: 2 }],
      },
    ]);

    expect(text).toBe(
      [
        '# HELP up whether it is',
        '# TYPE up gauge',
        'up 1',
        '# HELP requests_total answered requests',
        '# TYPE requests_total counter',
        'requests_total{method="health",outcome="ok"} 2',
        '',
      ].join('\n'),
    );
  });

  it('escapes what would end a label or a line', () => {
    const samples = [{ labels: { reason: 'a "quoted"\nback\\slash' }, value: 1 }];
    expect(prometheusText([{ name: 'x', type: 'gauge', help: 'two\nlines \\', samples }])).toBe(
      '# HELP x two\\nlines \\\\\n# TYPE x gauge\nx{reason="a \\"quoted\\"\\nback\\\\slash"} 1\n',
    );
  });

  it('counts a histogram up from bucket to bucket', () => {
    const tally = new DurationTally();
    [0.0001, 0.0001, 0.03, 100].forEach((seconds) => tally.add(seconds));

    const samples = histogramSamples({ method: 'm' }, tally);

    expect(samples.map(({ value }) => value)).toEqual([2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 100.0302, 4]);
    expect(samples.map(({ labels }) => labels?.['le'])).toEqual([
      ...DURATION_BUCKETS.map(String),
      '+Inf',
      undefined,
      undefined,
    ]);
  });
});

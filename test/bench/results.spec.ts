import { figureOf, ratioAtMost } from '../../bench/kit/figure.js';
import { Results } from '../../bench/kit/results.js';

/** What a run says at its end, of figures with these ratios to a bare server and the aim of 1.2. */
function endOf(ratios: readonly number[], aim = ratioAtMost(1.2)): string {
  const lines: string[] = [];
  const results = new Results((text) => lines.push(text));
  const { report } = results.begin('start');
  for (const ratio of ratios) {
    const subject = { name: `start at ${ratio}`, unit: 'ms', beside: 'bare ws server', aim };
    report.figure(figureOf(subject, [100 * ratio], [100]));
  }
  lines.length = 0;
  results.printRest();
  return lines.join('');
}

describe('a run of the benchmark', () => {
  it('says at its end which aims are missed, and by what', () => {
    expect(endOf([1.1, 1.3, 2])).toBe(
      '\nOf 3 aims, 2 are missed:\n' +
        '  start at 1.3: 130 ms beside 100 of bare ws server, ratio 1.30; aim: ratio ≤ 1.2\n' +
        '  start at 2: 200 ms beside 100 of bare ws server, ratio 2.00; aim: ratio ≤ 1.2\n',
    );
  });

  it('says so when all are met', () => {
    expect(endOf([1.1, 1.2])).toBe('\nAll 2 aims are met.\n');
  });

  it('speaks of no aim where none is judged', () => {
    expect(endOf([1.1], { text: 'well ahead' })).toBe('');
  });
});

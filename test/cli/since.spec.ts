import { InputError } from '../../src/common/input.error.js';
import { sinceOf } from '../../src/cli/since.js';

const NOW = Date.parse('2026-01-31T12:00:00Z');

describe('--since', () => {
  it.each([
    ['30s', '2026-01-31T11:59:30Z'],
    ['10m', '2026-01-31T11:50:00Z'],
    ['2h', '2026-01-31T10:00:00Z'],
    ['1d', '2026-01-30T12:00:00Z'],
    ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00Z'],
    ['2026-01-31T10:00:00.500+01:00', '2026-01-31T09:00:00.500Z'],
    ['2026-01-30', '2026-01-30T00:00:00Z'],
  ])('%s is %s', (since, expected) => {
    expect(sinceOf(since, NOW)).toBe(Date.parse(expected));
  });

  it.each(['', 'yesterday', '10', '10 m', '-5m', '1w', '2026-13-31', '2026-01-31T', 'Jan 31 2026', '2026'])(
    'refuses %j in one line',
    (since) => {
      expect(() => sinceOf(since, NOW)).toThrow(InputError);
      expect(() => sinceOf(since, NOW)).toThrow(
        `--since: ${JSON.stringify(since)} is not a time; give one such as 30s`,
      );
    },
  );

  it('may be left out', () => {
    expect(sinceOf(undefined)).toBeUndefined();
  });
});

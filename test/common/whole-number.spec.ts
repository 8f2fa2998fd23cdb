import { parseWholeNumber } from '../../src/common/whole-number.js';

describe('a whole number', () => {
  it.each(['0', '1', '99', '100'])('is %s, of 0 to 100', (text) => {
    expect(parseWholeNumber(text, 0, 100)).toBe(Number(text));
  });

  it.each(['', ' ', '101', '-1', '-0', '+1', '01', '1.0', '1e2', '0x10', ' 1', '1 ', '1\n', 'NaN', 'Infinity', '１'])(
    'is not %j, of 0 to 100',
    (text) => {
      expect(parseWholeNumber(text, 0, 100)).toBeUndefined();
    },
  );
});

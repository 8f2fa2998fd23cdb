import { wrap } from '../../src/cli/wrap.js';

const TEXT = 'none is trusted; only names and addresses of this machine are let in';

describe('a text in a column', () => {
  it('is broken between words at the width of the terminal', () => {
    const lines = wrap(TEXT, 20, { columns: 60 });

    expect(lines).toEqual(['none is trusted; only names and', 'addresses of this machine are let in']);
  });

  it('is one line where there is no terminal, or hardly a column', () => {
    expect([wrap(TEXT, 20, {}), wrap(TEXT, 60, { columns: 80 })]).toEqual([[TEXT], [TEXT]]);
  });

  it('keeps a word whole that is longer than the column', () => {
    const path = '/a/path/that/is/longer/than/the/column/is/wide';

    expect(wrap(`${path} is not there`, 0, { columns: 40 })).toEqual([path, 'is not there']);
  });
});

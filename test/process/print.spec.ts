import { wantsColor } from '../../src/process/print.js';

describe('colour', () => {
  it.each([
    [true, undefined, true],
    [true, '', true],
    [true, '1', false],
    [false, undefined, false],
  ])('on a terminal: %s, with NO_COLOR %j: %s', (isTTY, noColor, wanted) => {
    const before = process.env['NO_COLOR'];
    if (noColor === undefined) delete process.env['NO_COLOR'];
    else process.env['NO_COLOR'] = noColor;

    const wants = wantsColor({ isTTY } as NodeJS.WriteStream);

    if (before === undefined) delete process.env['NO_COLOR'];
    else process.env['NO_COLOR'] = before;
    expect(wants).toBe(wanted);
  });
});

import { readableCommand } from '../../src/common/printable.js';

describe('a command line', () => {
  it('has 200 characters at most', () => {
    expect(readableCommand(`node ${'x'.repeat(400)}`)).toBe(`node ${'x'.repeat(195)}`);
  });

  it('is not cut within a character', () => {
    expect(readableCommand('🦞'.repeat(201))).toBe('🦞'.repeat(200));
  });

  it.each([
    ['a\nb\tc', 'a\u{fffd}b\u{fffd}c'],
    ['\u001b[2Jnode', '\u{fffd}[2Jnode'],
    ['x\u202egnp.exe', 'x\u{fffd}gnp.exe'],
    ['a\u2028b\u009bc', 'a\u{fffd}b\u{fffd}c'],
  ])('cannot steer a terminal: %j', (commandLine, expected) => {
    expect(readableCommand(commandLine)).toBe(expected);
  });

  it.each(['', '  '])('can be missing: %j', (commandLine) => {
    expect(readableCommand(commandLine)).toBeUndefined();
  });
});

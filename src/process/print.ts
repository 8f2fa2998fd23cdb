import { printableJson } from '../common/printable.js';

/** Colour is for people at a terminal who have not declined it (no-color.org). */
export function wantsColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env['NO_COLOR'];
}

/** Prints what was asked for on stdout: an object in one line of JSON for scripts, or the lines for people. */
export function printResult(json: boolean | undefined, report: object, lines: readonly string[] = []): void {
  process.stdout.write(`${json ? printableJson(JSON.stringify(report)) : lines.join('\n')}\n`);
}

/** Prints a line on stderr, for the person who started the process. */
export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

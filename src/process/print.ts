import { logLineToJson, logLineToText, type LogLine } from '../common/log-line.js';
import { printableJson } from '../common/printable.js';

/** Colour is for people at a terminal who have not declined it, and wherever it is forced (no-color.org, force-color.org). */
export function wantsColor(
  { isTTY }: Pick<NodeJS.WriteStream, 'isTTY'>,
  environment: NodeJS.ProcessEnv = process.env,
): boolean {
  const { FORCE_COLOR: forced = '', NO_COLOR: declined = '', TERM: terminal } = environment;
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return isTTY && declined === '' && terminal !== 'dumb';
}

/** Prints what was asked for on stdout: an object in one line of JSON for scripts, or the lines for people. */
export function printResult(json: boolean | undefined, report: object, lines: readonly string[] = []): void {
  process.stdout.write(`${json ? printableJson(JSON.stringify(report)) : lines.join('\n')}\n`);
}

/** Prints a line on stderr, for the person who started the process. */
export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Writes a line of the log on stderr: for people at a terminal, and as an object for programs that collect logs. */
export function writeLogLine(line: LogLine): void {
  const { stderr } = process;
  stderr.write(`${stderr.isTTY ? logLineToText(line, wantsColor(stderr)) : logLineToJson(line)}\n`);
}

import { parseLogLine, type LogLine } from '../../src/common/log-line.js';

/** A warning in a log that is written for programs. */
export const WARNING = /"level":"warn".*\n/;

/** What a gateway has written on standard error but for the lines of an ordinary life: each with its end. */
export function trouble(stderr: string): string {
  return stderr
    .split('\n')
    .filter((text) => text !== '' && parseLogLine(text)?.level !== 'info')
    .map((text) => `${text}\n`)
    .join('');
}

/** The lines of a log, each of which has to be one. */
export function logLines(stderr: string): LogLine[] {
  return stderr
    .trimEnd()
    .split('\n')
    .map((text) => {
      const line = parseLogLine(text);
      if (!line) throw new Error(`this is no line of a log: ${text}`);
      return line;
    });
}

/** The warnings in a log, each line of which has to be one of a log. */
export function warnings(stderr: string): LogLine[] {
  return logLines(stderr).filter(({ level }) => level === 'warn');
}

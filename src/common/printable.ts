const MAX_COMMAND_CHARACTERS = 200;

/** A command line that is safe to show on one line of a terminal; `undefined` for an empty one. */
export function readableCommand(commandLine: string): string | undefined {
  return Array.from(printable(commandLine.trim())).slice(0, MAX_COMMAND_CHARACTERS).join('') || undefined;
}

/** How much of a text from outside a log line shows. */
const BRIEF_CHARACTERS = 64;

/** The beginning of a text from outside, for a log line. */
export function briefly(text: string, maxCharacters = BRIEF_CHARACTERS): string {
  return printable(text.slice(0, maxCharacters));
}

/** A text from outside on one line, without characters that would make a terminal, or a log, show something else. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}

/** A line of the output of another program, which may have tabs. */
export function printableLine(text: string): string {
  return text.split('\t').map(printable).join('\t');
}

/** The same value in JSON, with escapes for characters that would make a terminal show something else. */
export function printableJson(json: string): string {
  return json.replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (text) =>
    text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

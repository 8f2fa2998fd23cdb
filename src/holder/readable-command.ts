const MAX_COMMAND_CHARACTERS = 200;

/** A command line that is safe to show on one line of a terminal; `undefined` for an empty one. */
export function readableCommand(commandLine: string): string | undefined {
  const printable = commandLine.trim().replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
  return Array.from(printable).slice(0, MAX_COMMAND_CHARACTERS).join('') || undefined;
}

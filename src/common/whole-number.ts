/** Whether a value is a whole number from `min` to `max`, both included. */
export function isWholeNumber(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
}

/** The number that a text is, in the way that {@link isWholeNumber} takes: its digits, and nothing around or before them. */
export function parseWholeNumber(text: string, min: number, max: number): number | undefined {
  const number = Number(text);
  return String(number) === text && isWholeNumber(number, min, max) ? number : undefined;
}

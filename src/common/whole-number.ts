/** Whether a value is a whole number from `min` to `max`, both included. */
export function isWholeNumber(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
}

/** The whole number from `min` to `max` that a text stands for: digits alone, without a sign, a space or a leading zero. */
export function parseWholeNumber(text: string, min: number, max: number): number | undefined {
  const number = Number(text);
  return String(number) === text && isWholeNumber(number, min, max) ? number : undefined;
}

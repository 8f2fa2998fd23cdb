/** Narrower, a text is no easier to read in lines of its own. */
const MIN_WIDTH = 30;

/**
 * Breaks a text between words, so that it stands in one column of a page.
 *
 * @param indent where the column begins, in characters
 * @param output with the columns of its terminal; where there is none, a text is one line, as scripts read it
 */
export function wrap(text: string, indent: number, output: { readonly columns?: number } = process.stdout): string[] {
  const width = (output.columns ?? Infinity) - indent;
  if (width < MIN_WIDTH) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

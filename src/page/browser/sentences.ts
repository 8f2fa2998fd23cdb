/** A sentence that gateways say in English, with `{}` for each part that differs, and the same in another language. */
export type Sentence = readonly [english: string, own: string];

/**
 * Says in another language what a gateway says in English: `{1}` stands for the first part that differs, and so on. Such a
 * part may be a sentence itself.
 *
 * @returns `undefined` for a text that is not one of the sentences
 */
export function translatorOf(sentences: readonly Sentence[]): (english: string) => string | undefined {
  const known = sentences.map(([english, own]) => ({ pattern: patternOf(english), own }));
  const translate = (english: string): string | undefined => {
    for (const { pattern, own } of known) {
      const [whole, ...parts] = pattern.exec(english) ?? [];
      if (whole === undefined) continue;
      return own.replace(/\{(\d)\}/g, (_, place: string) => {
        const part = parts[Number(place) - 1] ?? '';
        return translate(part) ?? part;
      });
    }
    return undefined;
  };
  return translate;
}

function patternOf(english: string): RegExp {
  const parts = english.split('{}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('(.+?)')}$`);
}

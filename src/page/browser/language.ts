import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import { DE } from './texts.de.js';
import { EN, type Texts } from './texts.en.js';

/** By the tag of the language (RFC 5646). A further one is a file of texts, and a line here. */
export const LANGUAGES = { en: EN, de: DE } as const satisfies Record<string, Texts>;

export type Language = keyof typeof LANGUAGES;

const KEY = 'openclaw.language';

export const LanguageContext = createContext<Language>('en');

export function useTexts(): Texts {
  return LANGUAGES[useContext(LanguageContext)];
}

/** Writes a moment for people: the time alone, where it is of today. */
export function useTime(): (ms: number) => string {
  const language = useContext(LanguageContext);
  return (ms) => {
    const isToday = new Date(ms).toDateString() === new Date().toDateString();
    const format = isToday ? TIMES[language] : DATES[language];
    return format.format(ms);
  };
}

/** Writes a number for people, with so many digits behind the point. */
export function useNumber(): (value: number, digits: number) => string {
  const language = useContext(LanguageContext);
  return (value, digits) =>
    value.toLocaleString(language, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      useGrouping: false,
    });
}

const TIMES = formats({ timeStyle: 'medium' });
const DATES = formats({ dateStyle: 'medium', timeStyle: 'short' });

// Made once: a table of a thousand clients would make as many.
function formats(options: Intl.DateTimeFormatOptions): Record<Language, Intl.DateTimeFormat> {
  return { en: new Intl.DateTimeFormat('en-GB', options), de: new Intl.DateTimeFormat('de', options) };
}

/** The language that was chosen in this tab, or else the first one that the browser asks for and the page has. */
export function findLanguage(): Language {
  const wanted = [sessionStorage.getItem(KEY), ...navigator.languages.map((tag) => tag.split('-', 1)[0])];
  return wanted.find(isLanguage) ?? 'en';
}

export function keepLanguage(language: Language): void {
  sessionStorage.setItem(KEY, language);
}

function isLanguage(tag: string | null | undefined): tag is Language {
  return tag === 'en' || tag === 'de';
}

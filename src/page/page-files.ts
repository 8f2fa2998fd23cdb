import { readFile } from 'node:fs/promises';

import { PROBE_HEADERS } from '../serving/probe-headers.js';

/** Every file of the page: where it is served, its name in the folder, and its type. */
export const PAGE_FILES = [
  { path: '/', name: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/page/page.js', name: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/page/page.css', name: 'page.css', type: 'text/css; charset=utf-8' },
  { path: '/page/icon.svg', name: 'icon.svg', type: 'image/svg+xml; charset=utf-8' },
] as const;

export type PageFile = (typeof PAGE_FILES)[number];

/**
 * What the browser may do with the page: load our own files and talk to our own port, nothing else. A text of a client
 * that were taken for HTML or for a script would do nothing (CSP level 3, Trusted Types).
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** The headers of every file of the page. */
export const PAGE_HEADERS = {
  ...PROBE_HEADERS,
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // For browsers that do not know frame-ancestors.
  'X-Frame-Options': 'DENY',
} as const;

/** The built page: this file and the bundle of the command are both in a folder beside it. */
const FOLDER = new URL('../page/files/', import.meta.url);

/** Reads the files of the page, each when it is first asked for: a start reads none. */
export class PageFiles {
  readonly #texts = new Map<string, string>();
  readonly #reading = new Map<string, Promise<string>>();

  constructor(private readonly folder: URL = FOLDER) {}

  /**
   * @returns the text itself where it has been read before
   * @throws the native error of the file system
   */
  read(name: string): string | Promise<string> {
    return this.#texts.get(name) ?? this.#reading.get(name) ?? this.#begin(name);
  }

  #begin(name: string): Promise<string> {
    const reading = readFile(new URL(name, this.folder), 'utf8')
      .then((text) => {
        this.#texts.set(name, text);
        return text;
      })
      .finally(() => this.#reading.delete(name));
    this.#reading.set(name, reading);
    return reading;
  }
}

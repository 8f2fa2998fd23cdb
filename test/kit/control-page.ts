import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import type { Page } from 'playwright-core';

import type { Chromium } from './chromium.js';
import { until } from './deadline.js';
import { ROOT } from './program.js';

const AXE = readFileSync(createRequire(join(ROOT, 'package.json')).resolve('axe-core/axe.min.js'), 'utf8');
/**
 * How the browser reports each connection that it could not make: nothing listened, the gateway ended at that moment, or
 * it was on its way out and let no client in.
 */
const NO_CONNECTION =
  /net::ERR_(?:CONNECTION_(?:REFUSED|RESET|CLOSED)|EMPTY_RESPONSE)|WebSocket handshake: Unexpected response code: 503/;
/** For a person to look at: no test does. */
const PICTURES = process.env['PAGE_PICTURES'];
const WIDE = { width: 1600, height: 1000 };
const MIDDLE = { width: 768, height: 1024 };
const NARROW = { width: 360, height: 800 };

/** Both themes, on a large screen and on a telephone. */
const LOOKS = [
  { colorScheme: 'light', size: WIDE },
  { colorScheme: 'dark', size: NARROW },
] as const;
/** For the states that are looked at in every way: the other two, and a tablet. */
const FURTHER_LOOKS = [
  { colorScheme: 'dark', size: WIDE },
  { colorScheme: 'light', size: MIDDLE },
  { colorScheme: 'light', size: NARROW },
] as const;

declare const axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
declare const document: { readonly documentElement: { readonly scrollWidth: number; readonly clientWidth: number } };

/** The control page in a browser. Notes what it must never do. */
export class ControlPage {
  /** Violations of the content security policy, errors, and requests to anywhere but the gateway. */
  readonly faults: string[] = [];

  private constructor(
    readonly page: Page,
    readonly origin: string,
  ) {
    page.on('pageerror', ({ message }) => this.faults.push(message));
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && !NO_CONNECTION.test(text)) this.faults.push(text);
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin) this.faults.push(`a request to ${request.url()}`);
    });
  }

  static async open(browser: Chromium, port: number, token?: string): Promise<ControlPage> {
    const origin = `http://127.0.0.1:${port}`;
    const control = new ControlPage(await browser.page(), origin);
    await control.page.setViewportSize(WIDE);
    await control.page.goto(`${origin}/${token === undefined ? '' : `#token=${token}`}`);
    return control;
  }

  /** The part of the page with this heading. */
  panel(heading: string): ReturnType<Page['locator']> {
    return this.page.getByRole('region', { name: heading, exact: true }).first();
  }

  /** Waits until the word beside the title is this one. */
  async state(word: string, deadlineMs = 60_000): Promise<void> {
    await this.page.locator('header .mark', { hasText: new RegExp(`^${word}$`) }).waitFor({ timeout: deadlineMs });
  }

  /** Waits until an expression is true in the page. Playwright's own way needs what the policy of the page forbids. */
  async comesTrue(expression: string): Promise<void> {
    await until(60_000, expression, () => this.page.evaluate<boolean>(expression));
  }

  /**
   * What the rules of axe find in every look, and whether the page is wider than its window. `PAGE_PICTURES=reports/page`
   * has a picture of each written into that folder.
   */
  async inspect(name: string, inEveryWay = false): Promise<string[]> {
    const findings: string[] = [];
    for (const { colorScheme, size } of [...LOOKS, ...(inEveryWay ? FURTHER_LOOKS : [])]) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.setViewportSize(size);
      await this.picture(`${name}-${colorScheme}-${size.width}`);
      // In a world of its own, which the policy of the page does not bind.
      const found = await this.#axe();
      const isTooWide = await this.page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      findings.push(...found, ...(isTooWide ? [`wider than ${size.width}`] : []));
    }
    await this.page.setViewportSize(WIDE);
    return findings;
  }

  /** A picture of the whole page, where pictures are wanted. */
  async picture(name: string): Promise<void> {
    if (PICTURES === undefined) return;
    mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  }

  async #axe(): Promise<string[]> {
    await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(() => axe.run({ resultTypes: ['violations'] }));
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }
}

import { Inject, Injectable, Optional, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';

import { RateLimitedLog } from '../control/access/rate-limited-log.js';
import { commandFor } from '../holder/describe-holder.js';
import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { CONTROL_PAGE_OPTIONS, type ControlPageOptions } from './control-page.options.js';
import { PAGE_FILES, PAGE_HEADERS, PageFiles, type PageFile } from './page-files.js';

/** Fastify's code for a route that is there already. */
const IS_TAKEN = 'FST_ERR_DUPLICATED_ROUTE';
const PAGE = 'index.html';
/** In the page, for the one thing that it is told without a token: how to get one. */
const OPEN_COMMAND = 'data-open-command=""';

/**
 * Serves the page on any HTTP adapter. Not a controller: Nest calls this hook when every route of the app is known, and
 * one of the app's own at the same path is to win.
 */
@Injectable()
export class PageRoutes implements OnModuleInit {
  readonly #log = new RateLimitedLog('gateway/page');
  readonly #files = new PageFiles();

  constructor(
    private readonly host: HttpAdapterHost,
    @Optional() @Inject(GATEWAY_LOCK_SETTINGS) private readonly settings: GatewayLockSettings,
    @Optional() @Inject(CONTROL_PAGE_OPTIONS) private readonly options: ControlPageOptions = {},
  ) {}

  onModuleInit(): void {
    const adapter = this.host.httpAdapter;
    for (const file of PAGE_FILES) {
      try {
        adapter.get(file.path, (_request: unknown, response: unknown) => this.#answer(adapter, response, file));
      } catch (error) {
        if ((error as { code?: unknown }).code !== IS_TAKEN) throw error;
      }
    }
  }

  /** At once where it can: what comes later is not counted as the work of the client that sends many requests. */
  #answer(adapter: AbstractHttpAdapter, response: unknown, file: PageFile): void {
    for (const [header, value] of Object.entries(PAGE_HEADERS)) adapter.setHeader(response, header, value);
    const text = this.#files.read(file.name);
    if (typeof text === 'string') {
      this.#show(adapter, response, file, text);
      return;
    }
    text.then(
      (read) => this.#show(adapter, response, file, read),
      (error: unknown) => this.#apologize(adapter, response, error as Error),
    );
  }

  #show(adapter: AbstractHttpAdapter, response: unknown, { name, type }: PageFile, text: string): void {
    adapter.setHeader(response, 'Content-Type', type);
    const shown = name === PAGE ? text.replace(OPEN_COMMAND, () => this.#openCommand()) : text;
    adapter.reply(response, shown, 200);
  }

  #apologize(adapter: AbstractHttpAdapter, response: unknown, { message }: Error): void {
    this.#log.warn('page unreadable', `the page cannot be shown: ${message}`);
    adapter.setHeader(response, 'Content-Type', 'text/plain; charset=utf-8');
    adapter.reply(response, 'the page of this gateway cannot be read: install it again', 500);
  }

  #openCommand(): string {
    const { program } = this.options;
    const command = program === undefined ? '' : `${commandFor(this.settings.identity.profile, program)} open`;
    return `data-open-command="${escapeHtml(command)}"`;
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

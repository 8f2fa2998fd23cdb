import { Inject, Injectable, Logger, Optional, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';

import { commandFor } from '../holder/describe-holder.js';
import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { CONTROL_PAGE_OPTIONS, type ControlPageOptions } from './control-page.options.js';
import { PAGE_FILES, PAGE_HEADERS, PageFiles, type PageFile } from './page-files.js';

/** Fastify's code for a route that is there already. */
const IS_TAKEN = 'FST_ERR_DUPLICATED_ROUTE';
/** In the page, for the one thing that it is told without a token: how to get one. */
const OPEN_COMMAND = 'data-open-command=""';

/**
 * Serves the page on any HTTP adapter. Not a controller: Nest calls this hook when every route of the app is known, and
 * one of the app's own at the same path is to win.
 */
@Injectable()
export class PageRoutes implements OnModuleInit {
  readonly #logger = new Logger('gateway/page');
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

  async #answer(adapter: AbstractHttpAdapter, response: unknown, { name, type }: PageFile): Promise<void> {
    for (const [header, value] of Object.entries(PAGE_HEADERS)) adapter.setHeader(response, header, value);
    try {
      const text = await this.#files.read(name);
      adapter.setHeader(response, 'Content-Type', type);
      adapter.reply(
        response,
        text.replace(OPEN_COMMAND, () => this.#openCommand()),
        200,
      );
    } catch (error) {
      this.#logger.error(`the page cannot be shown: ${(error as Error).message}`);
      adapter.setHeader(response, 'Content-Type', 'text/plain; charset=utf-8');
      adapter.reply(response, 'the page of this gateway cannot be read: install it again', 500);
    }
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

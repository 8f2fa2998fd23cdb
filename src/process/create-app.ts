import type { INestApplication, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';
import { ProbeHttpAdapter } from '../serving/probe-http.adapter.js';
import type { GatewayLockOptions } from '../options/gateway-lock.options.js';
import type { Settings } from '../config/choose-settings.js';
import { StderrLogger } from './stderr-logger.js';

const QUIET: LogLevel[] = ['fatal', 'error', 'warn'];
const VERBOSE: LogLevel[] = [...QUIET, 'log', 'debug', 'verbose'];

export interface CreateOptions {
  /** Options of the lock that take precedence over the settings. */
  readonly lock?: GatewayLockOptions;
  /**
   * Whether Nest logs all that it does, and not only what goes wrong.
   * @default false
   */
  readonly verbose?: boolean;
}

/** Creates the app of our own gateway, and does not start it. */
export function createGatewayApp(
  settings: Settings,
  { lock, verbose = false }: CreateOptions = {},
): Promise<INestApplication> {
  return NestFactory.create(AppModule.forRoot(settings, lock), new ProbeHttpAdapter(), {
    abortOnError: false,
    bodyParser: false,
    // Lines for people at a terminal, objects for programs that collect logs.
    logger: new StderrLogger({ logLevels: verbose ? VERBOSE : QUIET, json: !process.stderr.isTTY }),
  });
}

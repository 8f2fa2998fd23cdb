import type { INestApplication, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';
import { ProbeHttpAdapter } from '../serving/probe-http.adapter.js';
import type { GatewayLockOptions } from '../options/gateway-lock.options.js';
import type { Settings } from '../config/settings.js';
import { StderrLogger } from './stderr-logger.js';

const QUIET: LogLevel[] = ['fatal', 'error', 'warn'];
const VERBOSE: LogLevel[] = [...QUIET, 'log', 'debug', 'verbose'];

export interface CreateOptions {
  /** What the settings do not say of the lock. */
  readonly lock?: GatewayLockOptions;
  /** Nest logs all it does, and not only what goes wrong. */
  readonly verbose?: boolean;
}

/** Our own gateway, not yet started. */
export function createGatewayApp(
  settings: Settings,
  { lock, verbose = false }: CreateOptions = {},
): Promise<INestApplication> {
  return NestFactory.create(AppModule.forRoot(settings, lock), new ProbeHttpAdapter(), {
    abortOnError: false,
    bodyParser: false,
    // For a person a line, for whatever collects logs an object.
    logger: new StderrLogger({ logLevels: verbose ? VERBOSE : QUIET, json: !process.stderr.isTTY }),
  });
}

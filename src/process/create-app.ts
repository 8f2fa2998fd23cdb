import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';
import { ProbeHttpAdapter } from '../serving/probe-http.adapter.js';
import type { GatewayLockOptions } from '../options/gateway-lock.options.js';
import type { Settings } from '../config/choose-settings.js';
import { GatewayLogger } from './gateway-logger.js';
import { LogMemory } from './log-memory.js';

export interface CreateOptions {
  /** Options of the lock that take precedence over the settings. */
  readonly lock?: GatewayLockOptions;
  /**
   * How much is logged beside what an operator has to know: from 1 on each request, from 2 on all that Nest does.
   * @default 0
   */
  readonly verbosity?: number;
}

/** Creates the app of our own gateway, and does not start it. */
export function createGatewayApp(
  settings: Settings,
  { lock, verbosity = 0 }: CreateOptions = {},
): Promise<INestApplication> {
  const memory = new LogMemory();
  const options = { ...lock, clients: { logRequests: verbosity > 0, ...lock?.clients } };
  return NestFactory.create(AppModule.forRoot(settings, options, memory), new ProbeHttpAdapter(), {
    abortOnError: false,
    bodyParser: false,
    logger: new GatewayLogger(verbosity, memory),
  });
}

import type { INestApplication, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';
import { ProbeHttpAdapter } from './control/probe-http.adapter.js';
import type { GatewayLockOptions } from './lock/gateway-lock.options.js';
import { StderrLogger } from './stderr-logger.js';

const QUIET: LogLevel[] = ['fatal', 'error', 'warn'];
const VERBOSE: LogLevel[] = [...QUIET, 'log', 'debug', 'verbose'];

/** Our own gateway, not yet started. With `verbose`, Nest logs all it does, and not only what goes wrong. */
export function createGatewayApp(lock: GatewayLockOptions, { verbose = false } = {}): Promise<INestApplication> {
  return NestFactory.create(AppModule.forRoot({ protocol: 'openclaw', ...lock }), new ProbeHttpAdapter(), {
    abortOnError: false,
    bodyParser: false,
    // For a person a line, for whatever collects logs an object.
    logger: new StderrLogger({ logLevels: verbose ? VERBOSE : QUIET, json: !process.stderr.isTTY }),
  });
}

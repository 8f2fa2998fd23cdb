import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Test } from '@nestjs/testing';

import { GatewayLockError, GatewayLockModule, GatewayLockService, type GatewayLockOptions } from '../../src/index.js';
import { onCleanUp } from './cleaner.js';

export interface AppParts extends ModuleMetadata {
  /** Port 0 unless told otherwise. */
  readonly lock?: GatewayLockOptions;
  /** Express unless told otherwise. */
  readonly http?: AbstractHttpAdapter;
}

export interface TestApp {
  readonly app: INestApplication;
  readonly lock: GatewayLockService;
}

/** A Nest app behind the lock, not yet started; closed when the test ends. Other modules are imported ahead of the lock. */
export async function createApp({ lock, http, imports = [], ...parts }: AppParts = {}): Promise<TestApp> {
  const testing = await Test.createTestingModule({
    imports: [...imports, GatewayLockModule.forRoot({ port: 0, ...lock })],
    ...parts,
  }).compile();
  const options = { logger: false as const };
  const app = http ? testing.createNestApplication(http, options) : testing.createNestApplication(options);
  onCleanUp(() => app.close());
  return { app, lock: app.get(GatewayLockService) };
}

export async function startApp(parts: AppParts = {}): Promise<TestApp> {
  const created = await createApp(parts);
  await created.app.init();
  return created;
}

/** The error of an app that the lock has to refuse. */
export async function refusalOfStart(starting: Promise<unknown>): Promise<GatewayLockError> {
  const error = await starting.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  if (error instanceof GatewayLockError) return error;
  throw error;
}

export function httpUrl(url: string, path = '/'): string {
  return url.replace(/^ws:/, 'http:') + path;
}

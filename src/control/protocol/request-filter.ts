import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { BaseWsExceptionFilter } from '@nestjs/websockets';

import { RequestCall } from './request-call.js';

/** Where `@UseFilters()` and `@WebSocketGateway()` leave their marks on a class. */
const FILTERS = '__exceptionFilters__';
const GATEWAY = 'websockets:is_gateway';

/** Makes of what no filter of the app has caught the answer to its request. */
@Catch()
class RequestFilter extends BaseWsExceptionFilter implements ExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    const call = RequestCall.of(host);
    if (call) call.failure = { exception };
    else super.catch(exception, host);
  }
}

const FILTER = new RequestFilter();

/**
 * Puts the filter below those of each gateway class. Nest has no global filters for WebSockets, and its own filter sends
 * a message of its own format that names no request.
 */
export function catchBelowFilters(modules: ModulesContainer): void {
  for (const { providers } of modules.values()) {
    for (const { metatype } of providers.values()) {
      if (typeof metatype !== 'function' || !Reflect.hasMetadata(GATEWAY, metatype)) continue;
      const filters = (Reflect.getMetadata(FILTERS, metatype) ?? []) as unknown[];
      // Those that come first are asked last.
      if (!filters.includes(FILTER)) Reflect.defineMetadata(FILTERS, [FILTER, ...filters], metatype);
    }
  }
}

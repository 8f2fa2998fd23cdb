import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { BaseWsExceptionFilter } from '@nestjs/websockets';

import { RequestCall } from './request-call.js';

/** The metadata keys that `@UseFilters()` and `@WebSocketGateway()` set on a class. */
const FILTERS = '__exceptionFilters__';
const GATEWAY = 'websockets:is_gateway';

/** Turns an exception that no filter of the app has caught into the answer to its request. */
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
 * Adds the filter below the filters of each gateway class. Nest has no global filters for WebSockets, and its default
 * filter sends a message in Nest's format, which names no request.
 */
export function catchBelowFilters(modules: ModulesContainer): void {
  for (const { providers } of modules.values()) {
    for (const { metatype } of providers.values()) {
      if (typeof metatype !== 'function' || !Reflect.hasMetadata(GATEWAY, metatype)) continue;
      const filters = (Reflect.getMetadata(FILTERS, metatype) ?? []) as unknown[];
      // Nest asks the first of the list last.
      if (!filters.includes(FILTER)) Reflect.defineMetadata(FILTERS, [FILTER, ...filters], metatype);
    }
  }
}

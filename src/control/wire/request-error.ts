import { HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';

import type { RequestError } from './frames.js';

/** What the client is told of an exception that was not meant for it. */
const UNAVAILABLE: RequestError = { code: 'UNAVAILABLE', message: 'the gateway could not answer the request' };
const HTTP_SERVER_ERROR = 500;

/**
 * Fails a request with an error that the client gets in full. Throw it from a handler, a guard or a pipe.
 *
 * @example
 * ```ts
 * throw new GatewayRequestException({ code: 'INVALID_REQUEST', message: `there is no note ${id}` });
 * ```
 */
export class GatewayRequestException extends WsException {
  /** @param reason has a form in JSON, and holds nothing that the client may not see */
  constructor(readonly reason: RequestError) {
    super(reason);
  }

  /** The code that the client gets. */
  get code(): RequestError['code'] {
    return this.reason.code;
  }
}

/** What a client is told of an exception; `isInternal` where the log has to say the rest. */
export function describeException(exception: unknown): { readonly error: RequestError; readonly isInternal: boolean } {
  if (exception instanceof WsException) return { error: fromWsException(exception), isInternal: false };
  // The pipes of Nest throw HTTP exceptions, over WebSockets too.
  if (exception instanceof HttpException && exception.getStatus() < HTTP_SERVER_ERROR) {
    const { message } = exception;
    return { error: { code: 'INVALID_REQUEST', message, details: exception.getResponse() }, isInternal: false };
  }
  return { error: UNAVAILABLE, isInternal: true };
}

function fromWsException(exception: WsException): RequestError {
  const error = exception.getError();
  if (typeof error === 'string') return { code: 'INVALID_REQUEST', message: error };
  // Nest passes any object through, whatever the type says.
  const { code, message, ...rest } = (error as Partial<RequestError> | undefined) ?? {};
  const known = { ...rest, message: typeof message === 'string' ? message : exception.message };
  return { ...known, code: typeof code === 'string' ? code : 'INVALID_REQUEST' };
}

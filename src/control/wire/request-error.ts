import { HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';

import type { RequestError } from './frames.js';

/** What the client is told of anything that was not meant for it. */
const UNAVAILABLE: RequestError = { code: 'UNAVAILABLE', message: 'the gateway could not answer the request' };
const HTTP_SERVER_ERROR = 500;

/** Says of a request why it was not done; the client sees all of it. */
export class GatewayRequestException extends WsException {
  constructor(readonly reason: RequestError) {
    super(reason);
  }
}

/** What a client is told of an exception, and whether that is less than there was to say. */
export function describeException(exception: unknown): { readonly error: RequestError; readonly isInternal: boolean } {
  if (exception instanceof WsException) return { error: fromWsException(exception), isInternal: false };
  // What the pipes of Nest throw.
  if (exception instanceof HttpException && exception.getStatus() < HTTP_SERVER_ERROR) {
    const { message } = exception;
    return { error: { code: 'INVALID_REQUEST', message, details: exception.getResponse() }, isInternal: false };
  }
  return { error: UNAVAILABLE, isInternal: true };
}

function fromWsException(exception: WsException): RequestError {
  const error = exception.getError();
  if (typeof error === 'string') return { code: 'INVALID_REQUEST', message: error };
  // A message that was not there, in spite of the type.
  const { code, message, ...rest } = (error as Partial<RequestError> | undefined) ?? {};
  const known = { ...rest, message: typeof message === 'string' ? message : exception.message };
  return { ...known, code: typeof code === 'string' ? code : 'INVALID_REQUEST' };
}

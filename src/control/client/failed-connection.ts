import type { IncomingHttpHeaders } from 'node:http';

import { describeUnknown } from '../../holder/describe-holder.js';
import { judgeFailedConnect } from '../../holder/failed-connect.js';
import { NoCardError } from '../../holder/ask-whose.js';
import { refusalIn, wayIn } from '../../holder/read-refusal-header.js';
import { whoHolds } from '../../holder/who-holds.js';
import { addressOfUrl, isLoopbackHost } from '../../listener/listen-address.js';
import { GatewayCallError } from './gateway-call.error.js';

const SERVICE_UNAVAILABLE = 503;

/** Why a connection to a gateway did not come about, or ended before the answer. */
export async function failureOf(
  error: NodeJS.ErrnoException,
  url: string,
  timeoutMs: number,
): Promise<GatewayCallError> {
  if (error instanceof NoCardError) return judgeAnswer(error.status, error.headers, url);
  const { code, message } = error;
  if (code === 'ETIMEDOUT') return tooLate(url, timeoutMs);
  switch (judgeFailedConnect(error, addressOfUrl(url))) {
    case 'refused':
      return nothingThere(url);
    case 'unknown':
      return new GatewayCallError('unknown', `${url}: ${describeUnknown({ errno: code })}`);
    case 'closed':
      return judgeHangUp(message, url);
    case 'silent':
      return noGateway(message, url);
  }
}

/** Nothing has said who hung up. On this machine the operating system tells, and a second question. */
async function judgeHangUp(message: string, url: string): Promise<GatewayCallError> {
  const address = addressOfUrl(url);
  if (!isLoopbackHost(address.host)) return new GatewayCallError('not ready', `${url} hung up: ${message}`);
  const holder = await whoHolds(address);
  switch (holder.verdict) {
    case 'foreign':
      return noGateway(message, url);
    case 'blocked':
      return nothingThere(url);
    case 'waiting':
      return new GatewayCallError('not ready', `${url} is held by a service manager, which is to start the gateway`);
    case 'unknown':
      return new GatewayCallError('unknown', `${url}: ${describeUnknown(holder)}`);
    case 'stalled':
      return new GatewayCallError('not ready', `the gateway on ${url} hangs up: it may have no file descriptor left`);
    case 'ready':
    case 'standby':
    case 'starting':
    case 'draining':
      return new GatewayCallError('not ready', `the gateway on ${url} hung up: ${message}`);
  }
}

function nothingThere(url: string): GatewayCallError {
  return new GatewayCallError('unreachable', `no gateway is running on ${url}`);
}

function noGateway(message: string, url: string): GatewayCallError {
  return new GatewayCallError('not a gateway', `${url} does not speak as a gateway does: ${message}`);
}

/** What was asked over HTTP has answered something else than a gateway that lets this client in. */
export function judgeAnswer(status: number, headers: IncomingHttpHeaders, url: string): GatewayCallError {
  const reason = refusalIn(headers);
  if (status === SERVICE_UNAVAILABLE) {
    return new GatewayCallError('not ready', `the gateway on ${url} does not let clients in now`);
  }
  if (reason !== undefined) {
    return new GatewayCallError(
      'not allowed',
      `the gateway behind ${url} answers ${status}, ${reason}: ${wayIn(reason, url)}`,
    );
  }
  return new GatewayCallError('not a gateway', `${url} answered ${status}, as a gateway does not`);
}

/** The answer did not come in time. */
export function tooLate(url: string, timeoutMs: number): GatewayCallError {
  return new GatewayCallError('not ready', `no answer from ${url} within ${timeoutMs} ms`);
}

import type { GatewayCard } from '../../src/listener/holder.js';

export function cardOf(differences: Partial<Record<keyof GatewayCard, unknown>> = {}): GatewayCard {
  return {
    service: 'openclaw-gateway',
    pid: process.pid,
    profile: 'default',
    version: '1.2.3',
    phase: 'ready',
    startedAt: 1_795_366_472_000,
    url: 'ws://127.0.0.1:18789',
    instanceId: '01234567-89ab-4cde-8f01-23456789abcd',
    ...differences,
  } as GatewayCard;
}

/** A whole HTTP response. */
export function httpAnswer(body: string, { status = '200 OK', headers = '' } = {}): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
}

export function cardAnswer(differences: Partial<Record<keyof GatewayCard, unknown>> = {}): string {
  return httpAnswer(JSON.stringify(cardOf(differences)));
}

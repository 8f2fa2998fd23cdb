import type { ClientOptions } from 'ws';

import { Client, type CloseFrame } from './net.js';
import { TOKEN } from './token.js';

export interface Response {
  readonly type: 'res';
  readonly id: string;
  readonly ok: boolean;
  readonly payload?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly details?: unknown;
    readonly retryable?: boolean;
  };
}

export interface Event {
  readonly type: 'event';
  readonly event: string;
  readonly payload: unknown;
  readonly seq?: number;
}

export interface Hello {
  readonly protocol: number;
  readonly server: { readonly version: string; readonly buildId: string; readonly bootId: string };
  readonly features: { readonly methods: readonly string[]; readonly events: readonly string[] };
  readonly auth: { readonly scopes: readonly string[] };
}

export function isResponse(message: unknown): message is Response {
  return (message as { readonly type?: string }).type === 'res';
}

export function isEvent(message: unknown): message is Event {
  return (message as { readonly type?: string }).type === 'event';
}

export interface ConnectOptions extends ClientOptions {
  readonly token?: string;
  /** Replaces parts of what it says when it connects. */
  readonly params?: object;
}

/** A client of the control port that has been let in. */
export class Operator {
  #next = 0;

  private constructor(
    readonly client: Client,
    readonly hello: Hello,
  ) {}

  static async open(url: string, { token = TOKEN, params = {}, ...options }: ConnectOptions = {}): Promise<Operator> {
    const client = await Client.open(url, options);
    const answer = await knock(client, { auth: { token }, ...params });
    if (!answer.ok) throw new Error(`not let in: ${JSON.stringify(answer.error)}`);
    return new Operator(client, answer.payload as Hello);
  }

  /** Makes a request, and waits for its answer. */
  async call(method: string, params?: object): Promise<Response> {
    const id = `${++this.#next}`;
    this.client.send({ type: 'req', id, method, ...(params && { params }) });
    return this.client.take((message): message is Response => (message as Response).id === id);
  }

  /** The next event of a name that has not been taken yet. */
  async event(name: string, deadlineMs?: number): Promise<Event> {
    return this.client.take((message): message is Event => (message as Event).event === name, deadlineMs);
  }

  async close(): Promise<CloseFrame> {
    return this.client.close();
  }
}

/** Sends a connect request on a fresh connection, and waits for the answer. */
export async function knock(client: Client, params: object): Promise<Response> {
  await client.take((message): message is Event => (message as Event).event === 'connect.challenge');
  client.send({ type: 'req', id: 'connect', method: 'connect', params: { ...ABOUT, ...params } });
  return client.take((message): message is Response => (message as Response).id === 'connect');
}

export const ABOUT = {
  minProtocol: 3,
  maxProtocol: 4,
  client: { id: 'test', version: '1.0.0', platform: 'test', mode: 'backend' },
};

/** A connect request of so many bytes. */
export function connectOf(bytes: number): string {
  const request = (padding: string): string =>
    JSON.stringify({
      type: 'req',
      id: 'connect',
      method: 'connect',
      params: { ...ABOUT, auth: { token: TOKEN }, padding },
    });
  return request('x'.repeat(bytes - request('').length));
}

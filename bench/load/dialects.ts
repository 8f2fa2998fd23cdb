import { TOKEN } from '../../test/kit/token.js';
import type { Admission } from './connection.js';
import type { Exchange } from './requests.js';

/** How a server is spoken to. */
export interface Dialect {
  readonly admission?: Admission;
  readonly exchange: (method: string) => Exchange;
}

const REQUESTS = (method: string): Exchange => ({
  method,
  request: (id, text) => JSON.stringify({ type: 'req', id, method, params: { text } }),
  answer: (id, text) => JSON.stringify({ type: 'res', id, ok: true, payload: { text } }),
});

export const BARE: Dialect = { exchange: REQUESTS };

export const OPENCLAW: Dialect = {
  admission: {
    // Behind the challenge.
    before: 1,
    after: 2,
    request: JSON.stringify({
      type: 'req',
      id: 'connect',
      method: 'connect',
      params: {
        minProtocol: 3,
        maxProtocol: 4,
        client: { id: 'bench', version: '1', platform: 'node', mode: 'backend' },
        auth: { token: TOKEN },
      },
    }),
  },
  exchange: REQUESTS,
};

/** What Nest's own adapter speaks. The answer has the form of the request. */
export const NEST: Dialect = {
  exchange: (method) => {
    const message = (id: string, text: string): string => JSON.stringify({ event: method, data: { id, text } });
    return { method, request: message, answer: message };
  },
};

export const DIALECTS = { bare: BARE, openclaw: OPENCLAW, nest: NEST } as const;

export type DialectName = keyof typeof DIALECTS;

import {
  BadRequestException,
  ForbiddenException,
  InternalServerErrorException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import fc from 'fast-check';

import { payloadLength } from '../../../src/control/protocol/first-frame.js';
import {
  errorFrame,
  eventHead,
  numbered,
  parseFrame,
  resultFrame,
  unnumbered,
} from '../../../src/control/wire/frames.js';
import { describeException, GatewayRequestException } from '../../../src/control/wire/request-error.js';
import { encodeFrame, Opcode } from '../../kit/frames.js';
import { SEED } from '../../kit/random.js';

const OPTIONS = { numRuns: 1_000, seed: SEED };
const HEADER_BYTES = 14;

describe(`parseFrame (TEST_SEED=${SEED})`, () => {
  const name = fc.string({ minLength: 1, maxLength: 128 });
  const params = fc.dictionary(fc.string(), fc.jsonValue());

  it('gives back a request, whatever else it has', () => {
    fc.assert(
      fc.property(name, name, fc.option(params, { nil: undefined }), (id, method, params) => {
        const request = JSON.parse(JSON.stringify({ type: 'req', id, method, params })) as object;
        const parsed = parseFrame(JSON.stringify({ ...request, more: true }));
        expect(parsed).toMatchObject({ kind: 'request', request });
      }),
      OPTIONS,
    );
  });

  it('has a rule for whatever is no request, and an id to answer to', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseFrame(text)).toEqual({
          kind: 'invalid',
          id: expect.stringMatching(/./s) as string,
          rule: expect.any(String) as string,
        });
      }),
      OPTIONS,
    );
  });

  const req = { type: 'req', id: '1', method: 'health' };
  const idRule = 'id is a text of 1 to 128 characters';
  const methodRule = 'method is a text of 1 to 128 characters';

  it.each<[what: string, message: unknown, invalid: { id: string; rule: string }]>([
    ['null', null, { id: 'invalid', rule: 'a message is a JSON object' }],
    ['an array', [req], { id: 'invalid', rule: 'a message is a JSON object' }],
    ['an empty id', { ...req, id: '' }, { id: 'invalid', rule: idRule }],
    ['an id of 129 characters', { ...req, id: 'x'.repeat(129) }, { id: 'invalid', rule: idRule }],
    ['an id that is an array with a length', { ...req, id: ['x'] }, { id: 'invalid', rule: idRule }],
    ['another type', { ...req, type: 'res' }, { id: '1', rule: 'type is "req"' }],
    ['an empty method', { ...req, method: '' }, { id: '1', rule: methodRule }],
    ['a method of 129 characters', { ...req, method: 'x'.repeat(129) }, { id: '1', rule: methodRule }],
    ['a method that is an array with a length', { ...req, method: ['x'] }, { id: '1', rule: methodRule }],
    ['null as params', { ...req, params: null }, { id: '1', rule: 'params is an object' }],
    ['an array as params', { ...req, params: [] }, { id: '1', rule: 'params is an object' }],
    ['a text as params', { ...req, params: 'x' }, { id: '1', rule: 'params is an object' }],
  ])('refuses %s', (_what, message, invalid) => {
    expect(parseFrame(JSON.stringify(message))).toEqual({ kind: 'invalid', ...invalid });
  });

  it('takes an id and a method of 1 and of 128 characters', () => {
    for (const length of [1, 128]) {
      const request = { type: 'req', id: 'i'.repeat(length), method: 'm'.repeat(length) };

      expect(parseFrame(JSON.stringify(request))).toEqual({ kind: 'request', request });
    }
  });
});

describe(`payloadLength (TEST_SEED=${SEED})`, () => {
  const length = fc.oneof(fc.nat(130), fc.nat(70_000), fc.maxSafeNat());

  it('is what the header of a frame says, whatever else there is of it', () => {
    fc.assert(
      fc.property(length, fc.nat(15), fc.boolean(), fc.nat(100), (declared, opcode, masked, extra) => {
        const header = encodeFrame({ opcode, masked, declared, payload: 'x'.repeat(extra) });
        expect(payloadLength(header)).toBe(declared);
      }),
      OPTIONS,
    );
  });

  it('is unknown until it has been said', () => {
    fc.assert(
      fc.property(length, fc.nat(HEADER_BYTES), (declared, bytes) => {
        const head = encodeFrame({ opcode: Opcode.TEXT, declared }).subarray(0, bytes);
        const said = declared < 126 ? 2 : declared < 65_536 ? 4 : 10;
        expect(payloadLength(head)).toBe(bytes < said ? undefined : declared);
      }),
      OPTIONS,
    );
  });
});

describe('describeException', () => {
  const internal = {
    error: { code: 'UNAVAILABLE', message: 'the gateway could not answer the request' },
    isInternal: true,
  };
  const told = (error: object): object => ({ error, isInternal: false });
  const reason = { code: 'OWN', message: 'why', details: [1], retryable: true, retryAfterMs: 5 };
  const badRequest = { message: 'why', error: 'Bad Request', statusCode: 400 };

  it.each<[what: string, exception: unknown, described: object]>([
    ['all of a reason', new GatewayRequestException(reason), told(reason)],
    ['the text of a WsException', new WsException('why'), told({ code: 'INVALID_REQUEST', message: 'why' })],
    ['a code of its own', new WsException({ code: 'OWN', message: 'why' }), told({ code: 'OWN', message: 'why' })],
    [
      'no code of another type',
      new WsException({ code: 7, message: 'why' }),
      told({ code: 'INVALID_REQUEST', message: 'why' }),
    ],
    [
      'a refusal over HTTP',
      new BadRequestException('why'),
      told({ code: 'INVALID_REQUEST', message: 'why', details: badRequest }),
    ],
    [
      'one with another status',
      new ForbiddenException('why'),
      told(expect.objectContaining({ message: 'why' }) as object),
    ],
    [
      'a WsException without a message',
      new WsException(undefined as never),
      told({ code: 'INVALID_REQUEST', message: 'Ws Exception' }),
    ],
    ['nothing of an error', new Error('secret'), internal],
    ['nothing of an HTTP 500', new InternalServerErrorException('secret'), internal],
    ['nothing of an HTTP 503', new ServiceUnavailableException('secret'), internal],
    ['nothing of a text', 'secret', internal],
    ['nothing of nothing', undefined, internal],
    ['nothing of null', null, internal],
    ['nothing of what only looks like one', { code: 'OWN', message: 'secret' }, internal],
  ])('tells %s', (_what, exception, described) => {
    expect(describeException(exception)).toEqual(described);
  });
});

describe('a frame', () => {
  it.each([
    ['a result', resultFrame('1', { a: 1 }), { type: 'res', id: '1', ok: true, payload: { a: 1 } }],
    ['no result', resultFrame('1', undefined), { type: 'res', id: '1', ok: true, payload: null }],
    [
      'an error',
      errorFrame('1', { code: 'X', message: 'x' }),
      { type: 'res', id: '1', ok: false, error: { code: 'X', message: 'x' } },
    ],
    ['an event', numbered(eventHead('e', []), 7), { type: 'event', event: 'e', payload: [], seq: 7 }],
    ['one without a number', unnumbered(eventHead('e', undefined)), { type: 'event', event: 'e', payload: null }],
    [
      'one of a state',
      numbered(eventHead('e', {}, { presence: 1, health: 2 }), 1),
      { type: 'event', event: 'e', payload: {}, seq: 1, stateVersion: { presence: 1, health: 2 } },
    ],
  ])('of %s', (_what, text, message) => {
    expect(JSON.parse(text)).toEqual(message);
  });
});

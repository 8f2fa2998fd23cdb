import fc, { type Arbitrary } from 'fast-check';

import { emptied, startControl, type ControlApp } from '../../kit/control.js';
import { closePayload, encodeFrame, Opcode, type Frame } from '../../kit/frames.js';
import { ABOUT, Operator } from '../../kit/operator.js';
import { proven } from '../../kit/proven.js';
import { SEED } from '../../kit/random.js';
import { RawPeer } from '../../kit/raw-peer.js';
import { TOKEN } from '../../kit/token.js';

const RUNS = 150;

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

/** With a right token or none: after a wrong one the gateway would be slow on purpose. */
const auth = fc.constantFrom({ token: TOKEN }, { password: TOKEN }, {}, { token: '' }, undefined, null, 7);
const connect = fc.record({
  type: fc.constant('req'),
  id: fc.oneof(fc.string(), fc.jsonValue()),
  method: fc.constant('connect'),
  params: fc
    .tuple(fc.dictionary(fc.string(), fc.jsonValue()), auth, fc.constantFrom(ABOUT, {}, { ...ABOUT, minProtocol: 9 }))
    .map(([more, auth, about]) => ({ ...more, ...about, auth })),
});
const method = fc.oneof(
  fc.constantFrom('health', 'status', 'system-presence', 'config.get', 'gateway.identity', 'connect'),
  fc.constantFrom('__proto__', 'toString', ''),
  fc.string().filter((name) => name !== 'gateway.shutdown'),
);
const params = fc.oneof(fc.constant(undefined), fc.object(), fc.jsonValue());
const request = fc.record(
  { type: fc.oneof(fc.constant('req'), fc.string()), id: fc.oneof(fc.string(), fc.jsonValue()), method, params },
  { requiredKeys: [] },
);
const stop = { type: 'req', id: 'stop', method: 'gateway.shutdown', params: { reason: '' } };
const text = fc.oneof(
  fc.oneof(connect, request, fc.jsonValue(), fc.constant(stop)).map((value) => JSON.stringify(value)),
  fc.string(),
  fc.tuple(fc.constantFrom('[', '{"a":', '"'), fc.nat(3_000)).map(([piece, count]) => piece.repeat(count)),
);

const message = text.map((payload): Frame => ({ opcode: Opcode.TEXT, payload }));
const control = fc.constantFrom<Frame>(
  { opcode: Opcode.PING, payload: 'ping' },
  { opcode: Opcode.PONG },
  { opcode: Opcode.CLOSE, payload: closePayload(1000, 'enough') },
);
const anyFrame: Arbitrary<Frame> = fc
  .record({
    opcode: fc.nat(15),
    payload: bytes,
    fin: fc.boolean(),
    rsv: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(7)),
    masked: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.boolean()),
    declared: fc.option(fc.maxSafeNat(), { nil: undefined, freq: 4 }),
  })
  .map(({ declared, ...frame }) => ({ ...frame, ...(declared !== undefined && { declared }) }));
/** A text message in two frames. */
const split = fc.tuple(text, fc.option(control)).map(([payload, between]) => {
  const middle = payload.length >> 1;
  return Buffer.concat([
    encodeFrame({ opcode: Opcode.TEXT, payload: payload.slice(0, middle), fin: false }),
    ...(between ? [encodeFrame(between)] : []),
    encodeFrame({ opcode: Opcode.CONTINUATION, payload: payload.slice(middle) }),
  ]);
});

/** What a peer does to the gateway. */
interface Attack {
  readonly letIn: boolean;
  readonly data: Buffer;
  /** In how many writes. */
  readonly pieces: number;
  readonly end: 'end' | 'reset';
}

function attack(data: Arbitrary<Buffer>): Arbitrary<Attack> {
  return fc.record({
    letIn: fc.boolean(),
    data,
    pieces: fc.integer({ min: 1, max: 5 }),
    end: fc.constantFrom('end', 'end', 'reset'),
  });
}

function framesOf(frame: Arbitrary<Frame | Buffer>): Arbitrary<Buffer> {
  return fc
    .array(frame, { minLength: 1, maxLength: 8 })
    .map((frames) => Buffer.concat(frames.map((one) => (Buffer.isBuffer(one) ? one : encodeFrame(one)))));
}

async function perform({ lock: { url } }: ControlApp, { letIn, data, pieces, end }: Attack): Promise<void> {
  const peer = letIn ? await RawPeer.admitted(url) : await RawPeer.open(url);
  const size = Math.ceil(data.length / pieces);
  for (let at = 0; at < data.length && !peer.socket.destroyed; at += size) {
    // Once it is on its way, so that each is a chunk of its own.
    await new Promise((resolve) => peer.socket.write(data.subarray(at, at + size), resolve));
  }
  if (end === 'reset') peer.socket.resetAndDestroy();
  else await peer.end();
}

describe(`whatever a client sends (TEST_SEED=${SEED})`, () => {
  it.each<[what: string, data: Arbitrary<Buffer>]>([
    ['bytes', fc.array(bytes, { maxLength: 8 }).map((all) => Buffer.concat(all))],
    ['frames', framesOf(fc.oneof(anyFrame, control, message))],
    ['messages', framesOf(fc.oneof(message, split))],
  ])('in %s, the gateway serves the others, and keeps no connection', async (what, data) => {
    const gateway = await startControl({ lock: { ws: { maxPayloadBytes: 100_000 } } });
    const operator = await Operator.open(gateway.lock.url);

    await fc.assert(
      fc.asyncProperty(attack(data), async (given) => {
        await perform(gateway, given);
        expect((await operator.call('health')).ok).toBe(true);
        await emptied(gateway.adapter, 1);
      }),
      { numRuns: RUNS, seed: SEED },
    );

    operator.client.socket.close();
    await emptied(gateway.adapter);
    proven(`${RUNS} clients that sent random ${what} (TEST_SEED=${SEED}): the gateway served the others throughout`);
  });
});

import { once } from 'node:events';

import { expectUnharmed, startControl, type ControlApp } from '../../kit/control.js';
import { closePayload, encodeFrame, Opcode, type Frame } from '../../kit/frames.js';
import { ABOUT } from '../../kit/operator.js';
import { RawPeer } from '../../kit/raw-peer.js';
import { TOKEN } from '../../kit/token.js';

const { CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG } = Opcode;
const MAX_PAYLOAD = 1_000;
const NO_UTF8 = Buffer.from([0x7b, 0xc3, 0x28, 0x7d]);

const start = (): Promise<ControlApp> => startControl({ lock: { ws: { maxPayloadBytes: MAX_PAYLOAD } } });
const request = (id: string): string => JSON.stringify({ type: 'req', id, method: 'health' });

/** A message in frames of so many bytes, with something between them. */
function inPieces(text: string, size: number, between: readonly Frame[] = []): Frame[] {
  const count = Math.ceil(text.length / size);
  return Array.from({ length: count }, (_, index) => index).flatMap((index): Frame[] => [
    {
      opcode: index === 0 ? TEXT : CONTINUATION,
      payload: text.slice(index * size, (index + 1) * size),
      fin: index === count - 1,
    },
    ...(index === count - 1 ? [] : between),
  ]);
}

/** What breaks the rules, and the code that it is closed with. */
const BROKEN: readonly [what: string, frames: readonly (Frame | Buffer)[], code: number][] = [
  ...[1, 2, 3, 4, 7].map((rsv): [string, Frame[], number] => [
    `the reserved bits ${rsv}`,
    [{ opcode: TEXT, payload: request('1'), rsv }],
    1002,
  ]),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Frame[], number] => [
    `the reserved opcode ${opcode}`,
    [{ opcode }],
    1002,
  ]),
  ['an unmasked message', [{ opcode: TEXT, payload: request('1'), masked: false }], 1002],
  ['an unmasked ping', [{ opcode: PING, masked: false }], 1002],
  ['a text that is not UTF-8', [{ opcode: TEXT, payload: NO_UTF8 }], 1007],
  [
    'a text in two frames that is not UTF-8',
    [
      { opcode: TEXT, payload: NO_UTF8.subarray(0, 2), fin: false },
      { opcode: CONTINUATION, payload: NO_UTF8.subarray(2) },
    ],
    1007,
  ],
  ['a ping of more than 125 bytes', [{ opcode: PING, payload: 'x'.repeat(126) }], 1002],
  ['a ping in pieces', [{ opcode: PING, payload: 'x', fin: false }], 1002],
  ['a close in pieces', [{ opcode: CLOSE, payload: closePayload(1000), fin: false }], 1002],
  ['a continuation of nothing', [{ opcode: CONTINUATION, payload: 'x' }], 1002],
  [
    'a message within a message',
    [
      { opcode: TEXT, payload: '{', fin: false },
      { opcode: TEXT, payload: '}' },
    ],
    1002,
  ],
  [
    'bytes within a message',
    [
      { opcode: TEXT, payload: '{', fin: false },
      { opcode: BINARY, payload: '}' },
    ],
    1002,
  ],
  ['a message over the limit', [{ opcode: TEXT, payload: 'x'.repeat(MAX_PAYLOAD + 1) }], 1009],
  ['a message over the limit in pieces', inPieces('x'.repeat(MAX_PAYLOAD + 1), 100), 1009],
  ['the header of one over the limit', [encodeFrame({ opcode: TEXT, declared: MAX_PAYLOAD + 1 })], 1009],
  ['the header of one of 2^52 bytes', [encodeFrame({ opcode: TEXT, declared: 2 ** 52 })], 1009],
  ['the header of one of 2^62 bytes', [encodeFrame({ opcode: TEXT, declared: 2 ** 62 })], 1009],
  ['a length of 125 in 16 bits', [{ opcode: TEXT, payload: 'x'.repeat(125), lengthBytes: 2 }], 1002],
  ['a length of 0 in 64 bits', [{ opcode: TEXT, lengthBytes: 8 }], 1002],
  ['a length of 126 in 64 bits', [{ opcode: TEXT, payload: 'x'.repeat(126), lengthBytes: 8 }], 1002],
  ['a close of one byte', [{ opcode: CLOSE, payload: 'x' }], 1002],
  ['a close of more than 125 bytes', [{ opcode: CLOSE, payload: closePayload(1000, 'x'.repeat(124)) }], 1002],
  ['a close whose reason is not UTF-8', [{ opcode: CLOSE, payload: closePayload(1000, NO_UTF8) }], 1007],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map((code): [string, Frame[], number] => [
    `the close code ${code}`,
    [{ opcode: CLOSE, payload: closePayload(code) }],
    1002,
  ]),
];

describe.each([
  ['before it is let in', (url: string) => RawPeer.open(url)],
  ['when it is in', (url: string) => RawPeer.admitted(url)],
])('a client, %s,', (_when, open) => {
  it.each(BROKEN)('that sends %s is closed', async (_what, frames, code) => {
    const control = await start();
    const peer = await open(control.lock.url);

    peer.send(...frames);

    expect(await peer.closeCode()).toBe(code);
    await peer.end();
    await expectUnharmed(control);
  });

  it.each([1000, 1001, 1003, 1011, 1014, 3000, 4999])('that closes with %d hears the same', async (code) => {
    const control = await start();
    const peer = await open(control.lock.url);

    peer.send({ opcode: CLOSE, payload: closePayload(code, 'enough') });

    expect(await peer.closed).toEqual(closePayload(code, 'enough'));
    await peer.gone;
    await expectUnharmed(control);
  });

  it('that closes without a code hears none', async () => {
    const control = await start();
    const peer = await open(control.lock.url);

    peer.send({ opcode: CLOSE });

    expect(await peer.closed).toEqual(Buffer.alloc(0));
    await peer.gone;
    await expectUnharmed(control);
  });

  it('that ends its side without a word is forgotten', async () => {
    const control = await start();
    const peer = await open(control.lock.url);

    await peer.end();

    expect(await peer.closed).toBeUndefined();
    await expectUnharmed(control);
  });

  it('that ends its side in mid-frame is forgotten', async () => {
    const control = await start();
    const peer = await open(control.lock.url);

    peer.send(encodeFrame({ opcode: TEXT, payload: request('1') }).subarray(0, 20));
    await peer.end();

    await expectUnharmed(control);
  });

  it('that resets its connection is forgotten', async () => {
    const control = await start();
    const peer = await open(control.lock.url);
    const [socket] = control.adapter.clients.keys();
    const closed = new Promise((resolve) => socket?.once('close', resolve));

    peer.socket.resetAndDestroy();

    await closed;
    await expectUnharmed(control);
  });

  it('that breaks the rules and stays is cut off', async () => {
    const control = await start();
    const peer = await open(control.lock.url);

    peer.send({ opcode: 15 });
    await peer.closeCode();

    await peer.gone;
    await expectUnharmed(control);
  });

  it.each(['', 'payload', 'x'.repeat(125)])('that pings with %j gets it back', async (payload) => {
    const control = await start();
    const peer = await open(control.lock.url);

    peer.send({ opcode: PING, payload });

    expect((await peer.take(PONG)).payload.toString()).toBe(payload);
    await peer.end();
    await expectUnharmed(control);
  });

  it('may send an unsolicited pong', async () => {
    const control = await start();
    const peer = await open(control.lock.url);

    peer.send({ opcode: PONG, payload: 'unasked' }, { opcode: PING });

    await peer.take(PONG);
    await peer.end();
    await expectUnharmed(control);
  });
});

describe('a message in many frames', () => {
  it('is one request, and the pings between are answered', async () => {
    const control = await start();
    const peer = await RawPeer.admitted(control.lock.url);
    const text = request('in pieces');

    peer.send(...inPieces(text, 1, [{ opcode: PING, payload: 'between' }]));

    for (let pings = 1; pings < text.length; pings++) {
      expect((await peer.take(PONG)).payload.toString()).toBe('between');
    }
    expect((await peer.answerTo('in pieces')).ok).toBe(true);
    await peer.end();
    await expectUnharmed(control);
  });

  it('may be the connect request, and some of them empty', async () => {
    const control = await start();
    const peer = await RawPeer.open(control.lock.url);
    const params = { ...ABOUT, auth: { token: TOKEN } };
    const text = JSON.stringify({ type: 'req', id: 'c', method: 'connect', params });

    peer.send(...inPieces(text, 7, [{ opcode: CONTINUATION, fin: false }, { opcode: PING }]));

    expect((await peer.answerTo('c')).ok).toBe(true);
    await peer.end();
    await expectUnharmed(control);
  });

  it('may arrive byte by byte', async () => {
    const control = await start();
    const peer = await RawPeer.admitted(control.lock.url);
    peer.socket.setNoDelay();

    for (const byte of encodeFrame({ opcode: TEXT, payload: request('slowly') })) {
      if (!peer.socket.write(Buffer.from([byte]))) await once(peer.socket, 'drain');
    }

    expect((await peer.answerTo('slowly')).ok).toBe(true);
    await peer.end();
    await expectUnharmed(control);
  });

  it('may share its chunk with others', async () => {
    const control = await start();
    const peer = await RawPeer.admitted(control.lock.url);

    peer.send(...['1', '2', '3'].map((id): Frame => ({ opcode: TEXT, payload: request(id) })));

    for (const id of ['1', '2', '3']) expect((await peer.answerTo(id)).ok).toBe(true);
    await peer.end();
    await expectUnharmed(control);
  });
});

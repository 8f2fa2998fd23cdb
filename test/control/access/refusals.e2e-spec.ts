import { startControl } from '../../kit/control.js';
import { encodeFrame, Opcode } from '../../kit/frames.js';
import { Client } from '../../kit/net.js';
import { ABOUT, connectOf, isResponse, knock, Operator, type Event } from '../../kit/operator.js';
import { RawPeer } from '../../kit/raw-peer.js';
import { TOKEN } from '../../kit/token.js';

const AUTH = { token: TOKEN };
/** How long the first message may be, in bytes. */
const LIMIT = 64 * 1024;
/** So many times the limit of those who wait are a crowd, of which some have to go. */
const CROWD = 16;

describe('a client that is not let in', () => {
  const code = 'INVALID_REQUEST';
  const issue = (path: string, rule: string): object => ({ code: 'INVALID_PARAMS', issues: [{ path, rule }] });
  const mismatch = { code: 'PROTOCOL_MISMATCH', expectedProtocol: 4 };
  const long = 'x'.repeat(257);

  it.each<[what: string, params: object, details: object, close: number]>([
    ['no auth', {}, { code: 'AUTH_TOKEN_MISSING' }, 1008],
    ['an empty token', { auth: { token: '' } }, { code: 'AUTH_TOKEN_MISSING' }, 1008],
    ['a wrong token', { auth: { token: 'a-wrong-token' } }, { code: 'AUTH_TOKEN_MISMATCH' }, 1008],
    ['half of the token', { auth: { token: TOKEN.slice(0, 8) } }, { code: 'AUTH_TOKEN_MISMATCH' }, 1008],
    ['a wrong password', { auth: { password: 'a-wrong-token' } }, { code: 'AUTH_TOKEN_MISMATCH' }, 1008],
    ['only newer versions', { auth: AUTH, minProtocol: 5, maxProtocol: 9 }, mismatch, 1002],
    ['only older versions', { auth: AUTH, minProtocol: 1, maxProtocol: 2 }, mismatch, 1002],
    ['versions the wrong way round', { auth: AUTH, minProtocol: 4, maxProtocol: 3 }, mismatch, 1002],
    ['no version', { auth: AUTH, minProtocol: undefined }, issue('minProtocol', 'required'), 1008],
    ['half a version', { auth: AUTH, minProtocol: 3.5 }, issue('minProtocol', 'integer'), 1008],
    ['no client', { auth: AUTH, client: undefined }, issue('client', 'required'), 1008],
    [
      'too long an id',
      { auth: AUTH, client: { ...ABOUT.client, id: long } },
      issue('client.id', 'max_length <=256'),
      1008,
    ],
    ['a token that is no text', { auth: { token: 12_345_678 } }, issue('auth.token', 'string'), 1008],
  ])('gives %s', async (_what, params, details, close) => {
    const { lock } = await startControl();
    const client = await Client.open(lock.url);

    const { ok, error } = await knock(client, params);

    expect({ ok, error }).toMatchObject({ ok: false, error: { code, details } });
    expect((await client.close()).code).toBe(close);
  });

  it.each<[what: string, message: string | Buffer, id: string]>([
    ['another request first', '{"type":"req","id":"7","method":"health"}', '7'],
    ['what is not JSON', 'hello?', 'invalid'],
    ['an empty message', '', 'invalid'],
    ['a list', '[]', 'invalid'],
    ['an event', '{"type":"event","id":"7","event":"tick"}', '7'],
    ['a request without an id', '{"type":"req","method":"connect"}', 'invalid'],
    ['params that are a list', '{"type":"req","id":"7","method":"connect","params":[]}', '7'],
    ['its request as bytes', Buffer.from('{"type":"req","id":"7","method":"connect"}'), 'invalid'],
  ])('sends %s', async (_what, message, id) => {
    const { lock } = await startControl();
    const client = await Client.open(lock.url);

    client.socket.send(message);

    expect(await client.take(isResponse)).toMatchObject({ id, ok: false, error: { code } });
    expect((await client.close()).code).toBe(1008);
  });

  it('does not learn from the error what it sent, nor what the token is', async () => {
    const { lock } = await startControl();

    const { error } = await knock(await Client.open(lock.url), { auth: { token: 'a-secret-of-the-client' } });

    expect(JSON.stringify(error)).not.toMatch(new RegExp(`a-secret-of-the-client|${TOKEN}`));
  });

  it.each<[what: string, bytes: Buffer]>([
    ['a first message of more than 64 KiB', encodeFrame({ opcode: Opcode.TEXT, payload: connectOf(LIMIT + 1) })],
    ['nothing but the header of one', encodeFrame({ opcode: Opcode.TEXT, declared: LIMIT + 1 }).subarray(0, 14)],
    [
      'more than 64 KiB in small pieces',
      Buffer.concat([
        encodeFrame({ opcode: Opcode.TEXT, payload: '{', fin: false }),
        ...new Array<Buffer>(80).fill(
          encodeFrame({ opcode: Opcode.CONTINUATION, payload: ' '.repeat(1_000), fin: false }),
        ),
      ]),
    ],
  ])('sends %s', async (_what, bytes) => {
    const { lock } = await startControl();
    const peer = await RawPeer.open(lock.url);

    peer.send(bytes);

    expect(await peer.closeCode()).toBe(1009);
  });

  it('says nothing until the deadline', async () => {
    const { lock } = await startControl({ lock: { clients: { handshakeTimeoutMs: 50 } } });
    const client = await Client.open(lock.url);

    expect(await client.close()).toEqual({ code: 1008, reason: 'handshake timeout' });
  });

  it('sends only half of its request until the deadline', async () => {
    const { lock } = await startControl({ lock: { clients: { handshakeTimeoutMs: 50 } } });
    const peer = await RawPeer.open(lock.url);

    peer.send(encodeFrame({ opcode: Opcode.TEXT, payload: connectOf(1_000) }).subarray(0, 500));

    expect(await peer.closeCode()).toBe(1008);
  });

  it('is evicted as the one that has waited for longest, when a crowd waits', async () => {
    const { lock } = await startControl({ lock: { clients: { maxHandshakes: 1 } } });
    const admitted = await Operator.open(lock.url);
    const longest = await Client.open(lock.url);
    for (let count = 1; count < CROWD; count++) await Client.open(lock.url);

    const newest = await Operator.open(lock.url);

    expect((await longest.close()).code).toBe(1013);
    expect((await newest.call('health')).ok).toBe(true);
    expect((await admitted.call('health')).ok).toBe(true);
  });

  it('is not evicted by clients that are admitted', async () => {
    const { lock } = await startControl({ lock: { clients: { maxHandshakes: 2, handshakeTimeoutMs: 60_000 } } });
    const waiting = await Client.open(lock.url);

    for (let count = 0; count < 2 * CROWD; count++) await Operator.open(lock.url);

    expect(await knock(waiting, { auth: AUTH })).toMatchObject({ ok: true });
  });

  it('hears no event of the clients', async () => {
    const { lock, clients } = await startControl();
    const outsider = await Client.open(lock.url);
    const insider = await Operator.open(lock.url);

    clients.send('secret', { said: 'inside' });
    await insider.event('secret');

    // The answer to this one is sent after the event would have been.
    outsider.send('nonsense');
    await outsider.close();
    const events = outsider.messages.map((message) => (message as Event).event);
    expect(events).toEqual(['connect.challenge', undefined]);
  });
});

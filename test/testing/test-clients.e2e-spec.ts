import { MessageBody, SubscribeMessage, WebSocketGateway, WsException, type WsResponse } from '@nestjs/websockets';

import { GatewayClients, GatewayWsAdapter, RequireScope } from '../../src/index.js';
import { NestTestClient, OpenclawTestClient } from '../../src/testing/index.js';
import { startApp } from '../kit/app.js';
import { startControl } from '../kit/control.js';
import { freePort } from '../kit/ports.js';
import { TOKEN } from '../kit/token.js';

/** What a test waits for in vain, and what a busy machine has to let a client in. */
const IN_VAIN_MS = 1_000;
const READER = 'a-token-of-one-that-reads-0123456789abcdef';

@WebSocketGateway()
class NotesGateway {
  constructor(private readonly clients: GatewayClients) {}

  @SubscribeMessage('notes.add')
  @RequireScope('operator.write')
  add(@MessageBody() { text }: { readonly text: string }): { readonly id: number } {
    this.clients.send('notes.added', { id: 1, text });
    return { id: 1 };
  }
}

@WebSocketGateway({ path: '/chat' })
class ChatGateway {
  @SubscribeMessage('say')
  say(@MessageBody() text: string): WsResponse<string> {
    if (text === '') throw new WsException('nothing was said');
    return { event: 'said', data: text };
  }

  @SubscribeMessage('count')
  count(): number {
    return 1;
  }
}

async function openclawApp(): Promise<string> {
  const tokens = [{ token: READER, scopes: ['operator.read'] }] as const;
  const { lock } = await startControl({ lock: { auth: { token: TOKEN, tokens } }, providers: [NotesGateway] });
  return lock.url;
}

describe('OpenclawTestClient', () => {
  it('gets an answer to each request, and the events', async () => {
    const client = await OpenclawTestClient.connect(await openclawApp(), { token: TOKEN });

    const [note, health] = await Promise.all([client.call('notes.add', { text: 'milk' }), client.call('health')]);

    expect([note, health]).toEqual([{ id: 1 }, expect.objectContaining({ ok: true })]);
    expect(await client.event('notes.added')).toEqual({ id: 1, text: 'milk' });
    expect(await client.close()).toMatchObject({ code: 1000 });
  });

  it('throws what a request is refused with, and goes on', async () => {
    const client = await OpenclawTestClient.connect(await openclawApp(), { token: READER });

    await expect(client.call('notes.add', { text: 'milk' })).rejects.toMatchObject({
      name: 'GatewayCallError',
      code: 'not allowed',
      answer: { details: { code: 'MISSING_SCOPE' } },
    });

    expect(await client.call('health')).toMatchObject({ ok: true });
    await client.close();
  });

  it.each([
    ['no token', {}, 'AUTH_TOKEN_MISSING'],
    ['a wrong token', { token: 'a wrong one' }, 'AUTH_TOKEN_MISMATCH'],
  ])('is not let in with %s', async (_what, options, code) => {
    await expect(OpenclawTestClient.connect(await openclawApp(), options)).rejects.toMatchObject({
      code: 'not allowed',
      answer: { details: { code } },
    });
  });

  it('is told of the end', async () => {
    const { app, lock } = await startControl();
    const client = await OpenclawTestClient.connect(lock.url, { token: TOKEN });

    const stopped = app.close();

    expect(await client.event('shutdown')).toMatchObject({ restartExpectedMs: null });
    expect(await client.closed).toEqual({ code: 1001, reason: 'gateway stopped' });
    await expect(client.event('tick')).rejects.toThrow('the connection was closed before the event tick came: 1001 ');
    await stopped;
  });

  it('does not wait for ever, and says what came instead', async () => {
    const client = await OpenclawTestClient.connect(await openclawApp(), { token: TOKEN, timeoutMs: IN_VAIN_MS });

    await expect(client.event('notes.added')).rejects.toThrow(
      `the event notes.added did not come within ${IN_VAIN_MS} ms; `,
    );
    await client.close();
  });
});

describe('NestTestClient', () => {
  it('sends to a gateway class on its path, and takes events by name or in turn', async () => {
    const { lock } = await startApp({ providers: [ChatGateway] });
    const client = await NestTestClient.connect(`${lock.url}/chat`);
    client.send('say', '');
    client.send('say', 'hello');
    client.send('count');

    expect(await client.event('said')).toBe('hello');
    expect(await client.event('exception')).toMatchObject({ message: 'nothing was said' });
    expect(await client.next()).toBe(1);
    expect(await client.close()).toMatchObject({ code: 1000 });
  });

  it('is refused with the reason, as the page that it says it is', async () => {
    const { lock } = await startApp({ providers: [ChatGateway] });
    const origin = 'https://elsewhere.example';

    await expect(NestTestClient.connect(`${lock.url}/chat`, { origin })).rejects.toMatchObject({
      code: 'not allowed',
      message: expect.stringContaining('origin not allowed') as string,
    });
  });

  it('says that no gateway is there', async () => {
    const port = await freePort();

    await expect(NestTestClient.connect(`ws://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('keeps text that is no JSON, and says what came when it waits in vain', async () => {
    const { app, lock } = await startApp({ providers: [ChatGateway] });
    const client = await NestTestClient.connect(`${lock.url}/chat`, { timeoutMs: IN_VAIN_MS });
    for (const socket of app.get(GatewayWsAdapter).clients) socket.send('plain');

    expect(await client.next()).toBe('plain');
    await expect(client.next()).rejects.toThrow(`a message did not come within ${IN_VAIN_MS} ms; nothing else came`);
    await client.close();
  });
});

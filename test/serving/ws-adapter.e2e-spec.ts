import { Socket } from 'node:net';

import { Catch, UseFilters, type ExceptionFilter } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';

import { GatewayWsAdapter } from '../../src/index.js';
import { GatewayWebSockets } from '../../src/serving/gateway-websockets.js';
import { WsClient } from '../../src/serving/ws-client.js';
import { createApp, startApp } from '../kit/app.js';
import { EchoGateway } from '../kit/controllers.js';
import { within } from '../kit/deadline.js';
import { encodeFrame, Opcode } from '../kit/frames.js';
import { Client, muteWebSocket } from '../kit/net.js';

/** What is parsed in one round of the event loop, at most. */
const ROUND_BYTES = 64 * 1_024;
/** What is parsed without a turn. */
const SLICE_BYTES = 2 * 1_024;
/** As many small frames fill a dozen rounds. */
const FLOOD = 200_000;

describe('GatewayWsAdapter', () => {
  it('reads binary messages as well', async () => {
    const { lock } = await startApp({ providers: [EchoGateway] });
    const client = await Client.open(lock.url);

    client.socket.send(Buffer.from('{"event":"echo","data":"bytes"}'), { binary: true });

    expect(await client.next()).toEqual({ event: 'echo', data: 'bytes' });
  });

  it('goes on after a filter that fails itself', async () => {
    @Catch()
    class Broken implements ExceptionFilter {
      catch(): never {
        throw new Error('the filter is broken');
      }
    }
    @WebSocketGateway()
    class Failing extends EchoGateway {
      @UseFilters(Broken)
      @SubscribeMessage('fail')
      fail(): never {
        throw new Error('on purpose');
      }
    }
    const { lock } = await startApp({ providers: [Failing] });
    const client = await Client.open(lock.url);

    client.send({ event: 'fail' });

    expect(await client.ask('echo', 'still here')).toEqual({ event: 'echo', data: 'still here' });
  });

  it('goes on after messages that mean nothing', async () => {
    const { lock } = await startApp({ providers: [EchoGateway] });
    const client = await Client.open(lock.url);

    for (const nonsense of ['', 'not json', 'null', '5', '"text"', '[]', '{"event":"unheard of"}'])
      client.send(nonsense);

    expect(await client.ask('echo', 'still here')).toEqual({ event: 'echo', data: 'still here' });
  });

  it('goes on after a result that JSON has no form for', async () => {
    @WebSocketGateway()
    class Unspeakable extends EchoGateway {
      @SubscribeMessage('big')
      big(): WsResponse {
        return { event: 'big', data: 1n };
      }
    }
    const { lock } = await startApp({ providers: [Unspeakable] });
    const client = await Client.open(lock.url);

    client.send({ event: 'big' });

    expect(await client.ask('echo', 'still here')).toEqual({ event: 'echo', data: 'still here' });
  });

  it('reads messages with a parser from the options', async () => {
    const messageParser = (message: unknown): { event: string; data: unknown } | undefined =>
      message === 'ignore me' ? undefined : { event: 'echo', data: message };
    const { lock } = await startApp({ providers: [EchoGateway], lock: { ws: { messageParser } } });
    const client = await Client.open(lock.url);

    client.send('ignore me');
    client.send('plain text');

    expect(await client.next()).toEqual({ event: 'echo', data: 'plain text' });
  });

  it('goes on after a parser that throws', async () => {
    const messageParser = (message: unknown): { event: string; data: unknown } => {
      if (message === 'break') throw new Error('on purpose');
      return { event: 'echo', data: message };
    };
    const { lock } = await startApp({ providers: [EchoGateway], lock: { ws: { messageParser } } });
    const client = await Client.open(lock.url);

    client.send('break');
    client.send('still here');

    expect(await client.next()).toEqual({ event: 'echo', data: 'still here' });
  });

  it('reads messages with a parser that was set as in any Nest adapter', async () => {
    const { app, lock } = await startApp({ providers: [EchoGateway] });
    app.get(GatewayWsAdapter).setMessageParser((message) => ({ event: 'echo', data: message }));
    const client = await Client.open(lock.url);

    client.send('plain text');

    expect(await client.next()).toEqual({ event: 'echo', data: 'plain text' });
  });

  describe('of a client that Nest has yet to bind', () => {
    async function unbound(path: string): Promise<{ webSockets: GatewayWebSockets; client: WsClient }> {
      const { app, lock } = await startApp({ providers: [EchoGateway] });
      const webSockets = app.get(GatewayWebSockets);
      const bound = await Client.open(lock.url);
      await bound.ask('echo', 1);
      return { webSockets, client: new WsClient(bound.socket, new Socket(), path, webSockets) };
    }

    it('knows an address even when its connection is gone', async () => {
      const { client } = await unbound('/');
      expect(client.remoteAddress).toBe('unknown');
    });

    it('knows no messages on a path that there is not', async () => {
      const { client } = await unbound('/elsewhere');
      expect(client.messages).toEqual([]);
    });

    it.each(['/', '/elsewhere'])('calls nothing of what others are bound to, on %s', async (path) => {
      const { webSockets, client } = await unbound(path);
      webSockets.bindHandlers(client.socket, []);
      expect(client.handlersOf('echo')).toEqual([]);
    });
  });

  it.each([
    ['messages', Opcode.TEXT],
    ['pings', Opcode.PING],
  ])('takes no more %s of one client in a turn of the event loop than two rounds have', async (_kind, opcode) => {
    const { app, lock } = await startApp({
      providers: [EchoGateway],
      lock: { ws: { messageParser: () => undefined } },
    });
    const socket = await muteWebSocket(lock.url);
    const [client] = app.get(GatewayWsAdapter).clients.keys();
    const frame = encodeFrame({ opcode });
    const counts = [0];
    const all = new Promise<void>((resolve) => {
      let heard = 0;
      client?.on(opcode === Opcode.PING ? 'ping' : 'message', () => {
        const [current = 0] = counts;
        counts[0] = current + 1;
        if (current === 0) setImmediate(() => counts.unshift(0));
        if (++heard === FLOOD) resolve();
      });
    });

    socket.write(Buffer.concat(Array<Buffer>(FLOOD).fill(frame)));
    await within(20_000, 'the whole flood', all);

    // The next round begins in an immediate before that of this test, so a count spans two; with what is read without a
    // turn between them, and the end of a frame that began before.
    const mostBytes = 2 * ROUND_BYTES + SLICE_BYTES;
    expect(Math.max(...counts)).toBeLessThanOrEqual(Math.floor(mostBytes / frame.length) + 1);
  });

  it('closes a client whose message is over the limit with 1009, and serves the others', async () => {
    const { lock } = await startApp({ providers: [EchoGateway], lock: { ws: { maxPayloadBytes: 100 } } });
    const [greedy, modest] = await Promise.all([Client.open(lock.url), Client.open(lock.url)]);

    greedy.send('x'.repeat(101));

    expect((await greedy.close()).code).toBe(1009);
    expect(await modest.ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
  });

  it('refuses a gateway class with a port of its own, and says why', async () => {
    @WebSocketGateway(9001)
    class Elsewhere {}
    const { app } = await createApp({ providers: [Elsewhere] });

    await expect(app.init()).rejects.toThrow(
      '@WebSocketGateway(9001) asks for a port of its own, which the gateway lock would not guard',
    );
  });

  it('refuses a namespace, which WebSockets do not have', async () => {
    @WebSocketGateway({ namespace: 'rooms' })
    class Namespaced {}
    const { app } = await createApp({ providers: [Namespaced] });

    await expect(app.init()).rejects.toThrow('WebSockets have no namespaces, give a path instead');
  });
});

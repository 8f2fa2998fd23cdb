import { once } from 'node:events';
import { Socket } from 'node:net';

import {
  Catch,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type WsResponse,
} from '@nestjs/websockets';
import { map, of, type Observable } from 'rxjs';
import { WebSocket } from 'ws';

import { GatewayWebSockets } from '../../src/serving/gateway-websockets.js';
import { GatewayWsAdapter } from '../../src/index.js';
import { WsClient } from '../../src/serving/ws-client.js';
import { onCleanUp } from '../kit/cleaner.js';
import { createApp, startApp } from '../kit/app.js';
import { EchoGateway } from '../kit/controllers.js';
import { within } from '../kit/deadline.js';
import { encodeFrame, Opcode } from '../kit/frames.js';
import { Gate } from '../kit/gate.js';
import { Client, muteWebSocket, rawConnection, upgradeStatus } from '../kit/net.js';

/** What is parsed in one round of the event loop, at most. */
const ROUND_BYTES = 64 * 1_024;
/** What is parsed without a turn. */
const SLICE_BYTES = 2 * 1_024;
/** As many small frames fill a dozen rounds. */
const FLOOD = 200_000;

@Injectable()
class NoStrangers implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getData<{ name: string }>().name !== 'stranger';
  }
}

@Injectable()
class Shout implements PipeTransform<{ name?: string }> {
  transform(value: { name?: string }): unknown {
    return typeof value.name === 'string' ? { name: value.name.toUpperCase() } : value;
  }
}

@Injectable()
class Wrap implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<WsResponse>): Observable<WsResponse> {
    return next.handle().pipe(map(({ event, data }) => ({ event, data: { wrapped: data as unknown } })));
  }
}

@Catch(WsException)
class Tell implements ExceptionFilter<WsException> {
  catch(exception: WsException, host: ArgumentsHost): void {
    const client = host.switchToWs().getClient<WebSocket>();
    client.send(JSON.stringify({ event: 'told', data: exception.message }));
  }
}

@WebSocketGateway({ path: '/nest' })
@UseGuards(NoStrangers)
@UseFilters(Tell)
class NestGateway implements OnGatewayConnection, OnGatewayDisconnect {
  static seen: string[] = [];

  handleConnection(): void {
    NestGateway.seen.push('connected');
  }

  handleDisconnect(): void {
    NestGateway.seen.push('disconnected');
  }

  @SubscribeMessage('greet')
  @UsePipes(Shout)
  @UseInterceptors(Wrap)
  greet(@MessageBody() data: { name: string }): WsResponse {
    return { event: 'greet', data: data.name };
  }

  @SubscribeMessage('fail')
  fail(): never {
    throw new WsException('on purpose');
  }

  @SubscribeMessage('several')
  several(): Observable<WsResponse> {
    return of({ event: 'several', data: 1 }, { event: 'several', data: 2 });
  }
}

describe('GatewayWsAdapter', () => {
  it('serves plain gateway classes with guards, pipes, filters and interceptors', async () => {
    const { lock } = await startApp({ providers: [NestGateway] });
    const client = await Client.open(`${lock.url}/nest`);

    expect(await client.ask('greet', { name: 'ada' })).toEqual({ event: 'greet', data: { wrapped: 'ADA' } });
    expect(await client.ask('greet', { name: 'stranger' })).toEqual({ event: 'told', data: 'Forbidden resource' });
    expect(await client.ask('fail', {})).toEqual({ event: 'told', data: 'on purpose' });
    expect(await client.ask('several', {})).toEqual({ event: 'several', data: 1 });
    expect(await client.next()).toEqual({ event: 'several', data: 2 });
    client.socket.close();
    await client.close();
    expect(NestGateway.seen).toEqual(['connected', 'disconnected']);
  });

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

  it('answers 404 to an upgrade on a path that no gateway class serves', async () => {
    const { lock } = await startApp({ providers: [EchoGateway] });

    expect(await upgradeStatus(`${lock.url}/elsewhere`)).toBe(404);
    expect(await upgradeStatus(`${lock.url}/?query=1`)).toBe(101);
  });

  it('does not admit a client whose verification ends when the gateway is already stopping', async () => {
    const asked = new Gate();
    const verified = new Gate();
    const verifyClient = (_info: unknown, accept: (verdict: boolean) => void): void => {
      asked.open();
      void verified.opened.then(() => accept(true));
    };
    @WebSocketGateway({ verifyClient })
    class Careful {}
    const { app, lock } = await startApp({ providers: [Careful] });
    const client = new WebSocket(lock.url);
    onCleanUp(() => client.terminate());
    const closed = once(client, 'close');
    await asked.opened;

    client.once('open', () => {
      // What breaks the protocol now must find a listener for the error.
      (Reflect.get(client, '_socket') as Socket).write(Buffer.from([0xff, 0xff, 0x01, 0x02]));
    });

    const stopped = lock.beginShutdown();
    verified.open();

    expect((await closed)[0]).toBe(1001);
    await stopped;
    await app.close();
  });

  it('closes a client with 1013 whose verification ends when all places are taken', async () => {
    const verified = new Gate();
    const asked: unknown[] = [];
    const both = new Gate();
    const verifyClient = (_info: unknown, accept: (verdict: boolean) => void): void => {
      void verified.opened.then(() => accept(true));
      if (asked.push(accept) === 2) both.open();
    };
    @WebSocketGateway({ verifyClient })
    class Careful {}
    const { lock } = await startApp({ providers: [Careful], lock: { ws: { maxConnections: 1 } } });
    const clients = [new WebSocket(lock.url), new WebSocket(lock.url)];
    onCleanUp(() => clients.forEach((client) => client.terminate()));
    const closed = Promise.race(clients.map((client) => once(client, 'close')));
    await both.opened;

    verified.open();

    const [code, reason] = (await within(5_000, 'the end of one of them', closed)) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1013, 'too many connections']);
    expect(clients.map(({ readyState }) => readyState).sort()).toEqual([WebSocket.OPEN, WebSocket.CLOSED]);
  });

  it('survives a client that resets its connection while it is verified', async () => {
    const asked = new Gate();
    const never = new Gate();
    const verifyClient = (_info: unknown, accept: (verdict: boolean) => void): void => {
      asked.open();
      void never.opened.then(() => accept(true));
    };
    @WebSocketGateway({ verifyClient, path: '/careful' })
    class Careful {}
    const { lock } = await startApp({ providers: [Careful, EchoGateway] });
    const { host, port } = new URL(lock.url);
    const rude = await rawConnection(Number(port));
    rude.write(
      `GET /careful HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await asked.opened;

    rude.resetAndDestroy();

    expect(await (await Client.open(lock.url)).ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
  });

  it('survives a client that hangs up while it is refused', async () => {
    const { lock } = await startApp({ providers: [EchoGateway] });
    const { host, port } = new URL(lock.url);
    const rude = await rawConnection(Number(port));
    const gone = once(rude, 'close');

    rude.write(`GET /nowhere HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    rude.resetAndDestroy();
    await gone;

    expect(await (await Client.open(lock.url)).ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
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

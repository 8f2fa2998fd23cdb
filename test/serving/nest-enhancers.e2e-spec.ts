import {
  Catch,
  Injectable,
  Scope,
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
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
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

import { NestTestClient } from '../../src/testing/index.js';
import { createApp, httpUrl, startApp } from '../kit/app.js';
import { EchoGateway, HelloController } from '../kit/controllers.js';
import { within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { Client } from '../kit/net.js';
import { itSinceNest12 } from '../kit/since-nest-12.js';

@Injectable()
class NoStrangers implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getType() !== 'ws' || context.switchToWs().getData<unknown>() !== 'stranger';
  }
}

@Injectable()
class Shout implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.toUpperCase() : value;
  }
}

@Injectable()
class Stamp implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<WsResponse>): Observable<unknown> {
    return next.handle().pipe(map((answer) => ({ ...answer, stamped: true })));
  }
}

@Catch()
class Swallow implements ExceptionFilter {
  catch(_exception: unknown, host: ArgumentsHost): void {
    host.switchToWs().getClient<{ send(text: string): void }>().send('{"event":"swallowed"}');
  }
}

@Catch(WsException)
class Tell implements ExceptionFilter<WsException> {
  catch(exception: WsException, host: ArgumentsHost): void {
    const client = host.switchToWs().getClient<{ send(text: string): void }>();
    client.send(JSON.stringify({ event: 'told', data: exception.message }));
  }
}

describe('decorators of a gateway class', () => {
  it('bring guards, pipes, filters and interceptors', async () => {
    const seen: string[] = [];
    const gone = new Gate();
    @WebSocketGateway({ path: '/nest' })
    @UseGuards(NoStrangers)
    @UseFilters(Tell)
    class Decorated implements OnGatewayConnection, OnGatewayDisconnect {
      handleConnection(): void {
        seen.push('connected');
      }

      handleDisconnect(): void {
        seen.push('disconnected');
        gone.open();
      }

      @SubscribeMessage('greet')
      @UsePipes(Shout)
      @UseInterceptors(Stamp)
      greet(@MessageBody() name: string): WsResponse {
        return { event: 'greet', data: name };
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
    const { lock } = await startApp({ providers: [Decorated] });
    const client = await Client.open(`${lock.url}/nest`);

    expect(await client.ask('greet', 'ada')).toEqual({ event: 'greet', data: 'ADA', stamped: true });
    expect(await client.ask('greet', 'stranger')).toEqual({ event: 'told', data: 'Forbidden resource' });
    expect(await client.ask('fail', 'ada')).toEqual({ event: 'told', data: 'on purpose' });
    expect(await client.ask('several', 'ada')).toEqual({ event: 'several', data: 1 });
    expect(await client.next()).toEqual({ event: 'several', data: 2 });
    client.socket.close();
    await within(5_000, 'handleDisconnect', gone.opened);
    expect(seen).toEqual(['connected', 'disconnected']);
  });
});

describe.each<[how: string, start: () => Promise<string>]>([
  [
    'APP_GUARD and its like',
    async () => {
      const { lock } = await startApp({
        providers: [
          EchoGateway,
          { provide: APP_GUARD, useClass: NoStrangers },
          { provide: APP_PIPE, useClass: Shout },
          { provide: APP_INTERCEPTOR, useClass: Stamp },
        ],
      });
      return lock.url;
    },
  ],
  [
    'app.useGlobalGuards() and its like',
    async () => {
      const { app, lock } = await createApp({ providers: [EchoGateway] });
      app.useGlobalGuards(new NoStrangers()).useGlobalPipes(new Shout()).useGlobalInterceptors(new Stamp());
      await app.init();
      return lock.url;
    },
  ],
])('%s', (_how, start) => {
  itSinceNest12('reach gateway classes', async () => {
    const client = await NestTestClient.connect(await start());

    client.send('echo', 'hello');
    expect(await client.next()).toEqual({ event: 'echo', data: 'HELLO', stamped: true });
    client.send('echo', 'stranger');
    expect(await client.event('exception')).toMatchObject({ message: 'Forbidden resource' });
  });
});

describe('a global filter', () => {
  itSinceNest12('does not reach gateway classes, as on the adapter of Nest', async () => {
    const { app, lock } = await createApp({ providers: [EchoGateway] });
    app.useGlobalGuards(new NoStrangers()).useGlobalFilters(new Swallow());
    await app.init();
    const client = await NestTestClient.connect(lock.url);

    client.send('echo', 'stranger');

    expect(await client.next()).toMatchObject({ event: 'exception' });
  });
});

describe('a request-scoped gateway class', () => {
  itSinceNest12('is made anew for each client', async () => {
    let made = 0;
    @WebSocketGateway()
    @Injectable({ scope: Scope.REQUEST })
    class Counted {
      readonly number = ++made;

      @SubscribeMessage('number')
      get(): WsResponse<number> {
        return { event: 'number', data: this.number };
      }
    }
    const { lock } = await startApp({ providers: [Counted] });
    const clients = [await NestTestClient.connect(lock.url), await NestTestClient.connect(lock.url)];
    const numbers: unknown[] = [];
    for (const client of [...clients, ...clients]) {
      client.send('number');
      numbers.push(await client.event('number'));
    }

    expect(numbers).toEqual([1, 2, 1, 2]);
  });
});

describe('the guard of @nestjs/throttler', () => {
  it('counts what comes over HTTP as in any app of Nest', async () => {
    const { lock } = await startApp({
      imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 2 }])],
      controllers: [HelloController],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    });
    const statuses: number[] = [];

    for (let n = 1; n <= 3; n++) statuses.push((await fetch(httpUrl(lock.url, '/hello'))).status);

    expect(statuses).toEqual([200, 200, 429]);
  });
});

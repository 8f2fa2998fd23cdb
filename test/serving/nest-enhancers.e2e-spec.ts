import {
  Catch,
  Injectable,
  Scope,
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
import { SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';
import { map, type Observable } from 'rxjs';

import { NestTestClient } from '../../src/testing/index.js';
import { createApp, httpUrl, startApp } from '../kit/app.js';
import { EchoGateway, HelloController } from '../kit/controllers.js';
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

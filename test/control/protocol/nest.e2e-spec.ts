import {
  BadRequestException,
  Catch,
  Inject,
  Injectable,
  ParseIntPipe,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { map, of, throwError, type Observable } from 'rxjs';
import { WebSocket } from 'ws';

import { GatewayClients, RequireScope } from '../../../src/index.js';
import { startControl } from '../../kit/control.js';
import { Operator } from '../../kit/operator.js';
import { itSinceNest12 } from '../../kit/since-nest-12.js';

@Injectable()
class Doorkeeper implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { say } = context.switchToWs().getData<{ say?: string }>();
    if (say === 'code') throw new WsException({ code: 'TOO_LATE', message: 'we are closed', retryable: true });
    return Promise.resolve(say !== 'no');
  }
}

@Injectable()
class Wrap implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((wrapped: unknown) => ({ wrapped })));
  }
}

class Own extends Error {}

@Catch(Own)
class Translate implements ExceptionFilter<Own> {
  catch({ message }: Own): never {
    if (message === 'unspeakable') throw new WsException({ code: 'OWN', message, details: { big: 1n } });
    if (message === 'broken') throw Object.create(null);
    throw new WsException({ code: 'OWN', message, details: { translated: true } });
  }
}

@Catch(WsException)
class TellItself implements ExceptionFilter {
  catch(_exception: unknown, host: ArgumentsHost): void {
    host.switchToWs().getClient<WebSocket>().send('{"type":"event","event":"told"}');
  }
}

@WebSocketGateway()
class PlainGateway {
  @UseGuards(Doorkeeper)
  @SubscribeMessage('guarded')
  guarded(): string {
    return 'come in';
  }

  @SubscribeMessage('double')
  double(@MessageBody('n', ParseIntPipe) n: number): number {
    return 2 * n;
  }

  @UseInterceptors(Wrap)
  @SubscribeMessage('wrapped')
  wrapped(@MessageBody('fail') fail?: boolean): string {
    if (fail) throw new BadRequestException('not so');
    return 'inside';
  }

  @UseFilters(Translate)
  @SubscribeMessage('translated')
  translated(@MessageBody('say') say: string): Observable<never> {
    if (say.startsWith('now: ')) throw new Own(say.slice(5));
    return throwError(() => new Own(say));
  }

  @UseFilters(Translate)
  @SubscribeMessage('untranslated')
  untranslated(): never {
    throw new WsException('as it is');
  }

  @UseFilters(TellItself)
  @SubscribeMessage('told')
  told(): never {
    throw new WsException('not this');
  }

  @SubscribeMessage('later')
  async later(): Promise<Observable<number>> {
    return Promise.resolve(of(1));
  }

  @RequireScope('operator.write')
  @SubscribeMessage('change')
  change(): string {
    return 'changed';
  }

  @SubscribeMessage('who')
  who(@ConnectedSocket() socket: WebSocket): boolean {
    return socket instanceof WebSocket;
  }
}

@WebSocketGateway()
@UseFilters(Translate)
class FilteredGateway {
  @SubscribeMessage('own')
  own(): never {
    throw new Own('well');
  }

  @SubscribeMessage('other')
  other(): never {
    throw new WsException('as it is');
  }

  @UseFilters(TellItself)
  @SubscribeMessage('told')
  told(): never {
    throw new WsException('not this');
  }
}

const FORBIDDEN = { code: 'INVALID_REQUEST', message: 'Forbidden resource' };
const LATE = { code: 'TOO_LATE', message: 'we are closed', retryable: true };
const NO_NUMBER = {
  code: 'INVALID_REQUEST',
  message: 'Validation failed (numeric string is expected)',
  details: { message: 'Validation failed (numeric string is expected)', error: 'Bad Request', statusCode: 400 },
};
const UNAVAILABLE = { code: 'UNAVAILABLE', message: 'the gateway could not answer the request' };
const own = (message: string): object => ({ code: 'OWN', message, details: { translated: true } });

describe('a plain gateway class', () => {
  it.each<[what: string, method: string, params: object, answer: object]>([
    ['a guard that agrees', 'guarded', {}, { payload: 'come in' }],
    ['a guard that refuses', 'guarded', { say: 'no' }, { error: FORBIDDEN }],
    ['a guard with an error of its own', 'guarded', { say: 'code' }, { error: LATE }],
    ['a pipe of Nest that agrees', 'double', { n: '21' }, { payload: 42 }],
    ['a pipe of Nest that refuses', 'double', { n: 'x' }, { error: NO_NUMBER }],
    ['an interceptor', 'wrapped', {}, { payload: { wrapped: 'inside' } }],
    ['an error behind an interceptor', 'wrapped', { fail: true }, { error: { message: 'not so' } }],
    ['a filter that changes an error', 'translated', { say: 'now: well' }, { error: own('well') }],
    ['a filter that changes a later error', 'translated', { say: 'well' }, { error: own('well') }],
    ['a filter whose error has no JSON form', 'translated', { say: 'now: unspeakable' }, { error: UNAVAILABLE }],
    ['a filter that breaks', 'translated', { say: 'now: broken' }, { error: UNAVAILABLE }],
    ['a filter for other errors', 'untranslated', {}, { error: { code: 'INVALID_REQUEST', message: 'as it is' } }],
    ['a promise of values', 'later', {}, { payload: 1 }],
    ['the socket', 'who', {}, { payload: true }],
  ])('has %s', async (_what, method, params, answer) => {
    const { lock } = await startControl({ providers: [PlainGateway] });
    const operator = await Operator.open(lock.url);

    const response = await operator.call(method, params);

    expect(response).toMatchObject({ ok: 'payload' in answer, ...answer });
    expect((await operator.call('later')).ok).toBe(true);
  });

  it.each([
    ['own', { ok: false, error: own('well') }],
    ['other', { ok: false, error: { code: 'INVALID_REQUEST', message: 'as it is' } }],
    ['told', { ok: true, payload: null }],
  ])('asks its own filters before the gateway answers, in %s', async (method, answer) => {
    const { lock } = await startControl({ providers: [FilteredGateway] });
    const operator = await Operator.open(lock.url);

    expect(await operator.call(method)).toMatchObject(answer);
  });

  it('whose filter has told the client itself answers with nothing more', async () => {
    const { lock } = await startControl({ providers: [PlainGateway] });
    const operator = await Operator.open(lock.url);

    expect(await operator.call('told')).toMatchObject({ ok: true, payload: null });
    expect(await operator.event('told')).toEqual({ type: 'event', event: 'told' });
  });

  it.each([
    [['operator.read'], 'operator.write'],
    [['operator.admin'], 'operator.write'],
  ] as const)('that wants a scope refuses a token with %j', async (scopes, scope) => {
    const token = 'a-token-of-less';
    const { lock } = await startControl({
      providers: [PlainGateway],
      lock: { auth: { tokens: [{ token, scopes }] } },
    });
    const operator = await Operator.open(lock.url, { token, params: { scopes: [scope] } });

    expect((await operator.call('change')).error).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { code: 'MISSING_SCOPE', scope },
    });
  });

  it('that wants a scope answers a token that has it', async () => {
    const { lock } = await startControl({ providers: [PlainGateway] });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('change')).payload).toBe('changed');
  });

  itSinceNest12('may be made anew for every client', async () => {
    let made = 0;
    @WebSocketGateway()
    @Injectable({ scope: Scope.REQUEST })
    class OneForEach {
      readonly number = ++made;

      constructor(
        @Inject(REQUEST) private readonly request: object,
        private readonly clients: GatewayClients,
      ) {}

      @SubscribeMessage('number')
      get(@ConnectedSocket() socket: WebSocket): object {
        return { number: this.number, known: this.clients.of(socket) !== undefined, request: typeof this.request };
      }

      @SubscribeMessage('fail')
      fail(): never {
        throw new WsException('on purpose');
      }
    }
    const { lock } = await startControl({ providers: [OneForEach] });
    const [one, other] = [await Operator.open(lock.url), await Operator.open(lock.url)];

    const first = (await one.call('number')).payload as { number: number };
    const second = (await other.call('number')).payload as { number: number };

    expect(first).toMatchObject({ known: true, request: 'object' });
    expect(second.number).not.toBe(first.number);
    expect((await one.call('fail')).error).toEqual({ code: 'INVALID_REQUEST', message: 'on purpose' });
  });
});

import { BadRequestException, InternalServerErrorException } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';

import { GatewayRequestException } from '../../../src/index.js';
import { createControl, startControl } from '../../kit/control.js';
import { Operator } from '../../kit/operator.js';

const SECRET = 'the password of the database';

/** What a handler may throw by mistake. */
const FAILURES: Readonly<Record<string, () => unknown>> = {
  'an error': () => new Error(SECRET),
  'an error of many lines': () => new Error(`${SECRET}\n    at somewhere (/home/somebody/secret.ts:1)`),
  'an HTTP error of its own': () => new InternalServerErrorException(SECRET),
  'a text': () => SECRET,
  nothing: () => undefined,
  null: () => null,
  'an object without a prototype': () => Object.assign(Object.create(null) as object, { SECRET }),
  'an error whose message is none': () => Object.assign(new Error(), { message: Object.create(null) as unknown }),
};

@WebSocketGateway()
class FailingGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('fail')
  fail(@MessageBody('how') how: string): never {
    throw FAILURES[how]?.();
  }

  @SubscribeMessage('fail.unspeakably')
  failUnspeakably(@MessageBody('how') how: string): never {
    if (how === 'details') throw new GatewayRequestException({ code: 'X', message: 'x', details: { big: 1n } });
    if (how === 'response') throw new BadRequestException({ message: 'x', big: 1n });
    throw new WsException(undefined as unknown as string);
  }

  @SubscribeMessage('big')
  big(): { n: bigint } {
    return { n: 1n };
  }
}

const providers = [FailingGateway];

describe('a handler that throws', () => {
  it.each(Object.keys(FAILURES))('%s tells the client nothing of it, and goes on', async (how) => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('fail', { how })).error).toEqual({
      code: 'UNAVAILABLE',
      message: 'the gateway could not answer the request',
    });
    expect((await operator.call('echo')).ok).toBe(true);
  });

  it('is in the log, with the first line of its message', async () => {
    const { app, lock } = await createControl({ providers });
    const warn = jest.fn();
    app.useLogger({ log: () => undefined, error: () => undefined, warn });
    await app.init();
    const operator = await Operator.open(lock.url);

    await operator.call('fail', { how: 'an error of many lines' });

    expect(warn.mock.calls.map(([line]: unknown[]) => line)).toEqual([`the handler of fail failed: ${SECRET}`]);
  });
});

describe('a client that has its own words in the message of an error', () => {
  it('cannot make the log show something else', async () => {
    @WebSocketGateway()
    class QuotingGateway {
      @SubscribeMessage('open')
      open(@MessageBody('name') name: string): never {
        throw new Error(`there is no ${name}`);
      }
    }
    const { app, lock } = await createControl({ providers: [QuotingGateway] });
    const warn = jest.fn();
    app.useLogger({ log: () => undefined, error: () => undefined, warn });
    await app.init();
    const operator = await Operator.open(lock.url);

    await operator.call('open', { name: '\u001b[2Jdoor\r\u009b31mall is well\u202e' });

    const line = 'the handler of open failed: there is no \ufffd[2Jdoor\ufffd\ufffd31mall is well\ufffd';
    expect(warn.mock.calls.map(([text]: unknown[]) => text)).toEqual([line]);
  });
});

describe('what has no form in JSON', () => {
  it('is no result', async () => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('big')).error?.code).toBe('UNAVAILABLE');
    expect((await operator.call('echo')).ok).toBe(true);
  });

  it.each(['details', 'response'])('is no error, in its %s', async (how) => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('fail.unspeakably', { how })).error?.code).toBe('UNAVAILABLE');
    expect((await operator.call('echo')).ok).toBe(true);
  });

  it('counts for no request that still runs', async () => {
    const { lock } = await startControl({ providers, lock: { clients: { maxRequests: 1 } } });
    const operator = await Operator.open(lock.url);

    await operator.call('fail.unspeakably', { how: 'details' });

    expect((await operator.call('echo')).ok).toBe(true);
  });

  it('an exception of which nothing is known is the fault of the request', async () => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('fail.unspeakably', { how: 'empty' })).error?.code).toBe('INVALID_REQUEST');
  });
});

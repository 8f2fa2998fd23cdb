import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { concat, finalize, from, NEVER, of, throwError, type Observable } from 'rxjs';

import { emptied, startControl } from '../../kit/control.js';
import { Gate } from '../../kit/gate.js';
import { Operator, type Event, type Response } from '../../kit/operator.js';

const UNAVAILABLE = { code: 'UNAVAILABLE', message: 'the gateway could not answer the request' };

describe('an Observable', () => {
  const left = new Gate();

  @WebSocketGateway()
  class Streams {
    @SubscribeMessage('count')
    count(): Observable<unknown> {
      return of({ event: 'progress', data: { done: 1 } }, { half: true }, undefined, 'end');
    }

    @SubscribeMessage('empty')
    empty(): Observable<never> {
      return from([]);
    }

    @SubscribeMessage('break')
    break(): Observable<number> {
      return concat(
        of(1, 2),
        throwError(() => new Error('a secret')),
      );
    }

    @SubscribeMessage('unspeakable')
    unspeakable(): Observable<unknown> {
      return of({ n: 1n }, 'end');
    }

    @SubscribeMessage('endless')
    endless(): Observable<number> {
      return NEVER.pipe(finalize(() => left.open()));
    }
  }

  it('answers with its last value, and tells the ones before as events', async () => {
    const { lock } = await startControl({ providers: [Streams] });
    const { client } = await Operator.open(lock.url);

    client.send({ type: 'req', id: 'count', method: 'count' });
    const answer = await client.take((message): message is Response => (message as Response).id === 'count');

    expect(answer).toEqual({ type: 'res', id: 'count', ok: true, payload: 'end' });
    const told = client.messages.filter((message) => !/presence|tick/.test((message as Event).event));
    expect(told).toMatchObject([
      { type: 'event', event: 'progress', payload: { done: 1 } },
      { type: 'event', event: 'count', payload: { half: true } },
      { type: 'event', event: 'count', payload: null },
    ]);
  });

  it('without a value answers with null', async () => {
    const { lock } = await startControl({ providers: [Streams] });

    expect(await (await Operator.open(lock.url)).call('empty')).toMatchObject({ ok: true, payload: null });
  });

  it('that fails answers with the error, after its values', async () => {
    const { lock } = await startControl({ providers: [Streams] });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('break')).error).toEqual(UNAVAILABLE);
    expect((await operator.event('break')).payload).toBe(1);
  });

  it('with an event that has no form in JSON fails', async () => {
    const { lock } = await startControl({ providers: [Streams] });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('unspeakable')).error).toEqual(UNAVAILABLE);
    expect((await operator.call('empty')).ok).toBe(true);
  });

  it('is no longer listened to when its client is gone', async () => {
    const { lock, adapter } = await startControl({ providers: [Streams] });
    const operator = await Operator.open(lock.url);
    operator.client.send({ type: 'req', id: 'endless', method: 'endless' });
    await operator.call('empty');

    operator.client.socket.terminate();

    await left.opened;
    await emptied(adapter);
  });
});

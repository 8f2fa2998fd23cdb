import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import * as v from 'valibot';

import { ParamsPipe } from '../../../src/index.js';
import { startControl } from '../../kit/control.js';
import { Gate } from '../../kit/gate.js';
import { isResponse, Operator } from '../../kit/operator.js';

const Greeting = v.object({
  to: v.object({ name: v.pipe(v.string(), v.minLength(1)) }),
  times: v.optional(v.number()),
});

@WebSocketGateway()
class TestGateway {
  readonly gates = [new Gate(), new Gate()];

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('nothing')
  nothing(): void {
    return undefined;
  }

  @SubscribeMessage('greet')
  greet(@MessageBody(new ParamsPipe(Greeting)) { to }: v.InferOutput<typeof Greeting>): string {
    return `hello ${to.name}`;
  }

  @SubscribeMessage('names')
  names(@MessageBody(new ParamsPipe(v.object({ names: v.array(v.string()) }))) { names }: { names: string[] }): number {
    return names.length;
  }

  @SubscribeMessage('wait')
  async wait(@MessageBody('gate') gate: number): Promise<string> {
    await this.gates[gate]?.opened;
    return `gate ${gate}`;
  }

  @SubscribeMessage('m'.repeat(128))
  longName(): string {
    return 'long';
  }
}

const providers = [TestGateway];

describe('a request', () => {
  it('is answered under its id, with what the handler returns', async () => {
    const { lock } = await startControl({ providers });
    const { client } = await Operator.open(lock.url);

    client.send({ type: 'req', id: 'any text: é', method: 'echo', params: { a: [1, null] } });

    expect(await client.take(isResponse)).toEqual({
      type: 'res',
      id: 'any text: é',
      ok: true,
      payload: { a: [1, null] },
    });
  });

  it('without params has empty ones', async () => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('echo')).payload).toEqual({});
  });

  it('whose handler returns nothing is answered with null', async () => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    expect(await operator.call('nothing')).toEqual({ type: 'res', id: '1', ok: true, payload: null });
  });

  it.each(['no.such', '__proto__', 'constructor', 'x'.repeat(128)])('of an unknown method %s', async (method) => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    expect((await operator.call(method)).error).toEqual({
      code: 'INVALID_REQUEST',
      message: `unknown method: ${method}`,
    });
  });

  it('to connect again is refused, and the client stays', async () => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('connect')).error).toEqual({
      code: 'INVALID_REQUEST',
      message: 'this client is connected already',
    });
    expect((await operator.call('echo')).ok).toBe(true);
  });

  it.each<[params: object | undefined, path: string, rule: string]>([
    [undefined, 'to', 'required'],
    [{ to: 'ada' }, 'to', 'object'],
    [{ to: {} }, 'to.name', 'required'],
    [{ to: { name: 7 } }, 'to.name', 'string'],
    [{ to: { name: '' } }, 'to.name', 'min_length >=1'],
    [{ to: { name: 'ada' }, times: 'twice' }, 'times', 'number'],
  ])('with params %j names the path %s and the rule %s', async (params, path, rule) => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('greet', params)).error).toEqual({
      code: 'INVALID_REQUEST',
      message: `invalid params: ${path}: ${rule}`,
      details: { code: 'INVALID_PARAMS', issues: [{ path, rule }] },
    });
  });

  it('with thousands of misfits is answered with a few of them', async () => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    const { error } = await operator.call('names', { names: new Array(10_000).fill(1) });

    expect((error?.details as { issues: unknown[] }).issues.length).toBeLessThanOrEqual(20);
  });

  it.each([
    ['not json', 'invalid'],
    ['null', 'invalid'],
    ['"text"', 'invalid'],
    ['{"type":"req","method":"echo"}', 'invalid'],
    ['{"type":"req","id":"","method":"echo"}', 'invalid'],
    ['{"type":"req","id":7,"method":"echo"}', 'invalid'],
    ['{"type":"res","id":"7","ok":true}', '7'],
    ['{"type":"req","id":"7"}', '7'],
    ['{"type":"req","id":"7","method":""}', '7'],
    ['{"type":"req","id":"7","method":"echo","params":[1]}', '7'],
    ['{"type":"req","id":"7","method":"echo","params":null}', '7'],
    [`{"type":"req","id":"7","method":"${'m'.repeat(129)}"}`, '7'],
    [`{"type":"req","id":"${'i'.repeat(129)}","method":"echo"}`, 'invalid'],
  ])('that is none, %s, is answered under the id %s, and the client stays', async (text, id) => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    operator.client.send(text);

    const answer = await operator.client.take(isResponse);
    expect(answer).toMatchObject({ id, ok: false, error: { code: 'INVALID_REQUEST' } });
    expect((await operator.call('echo')).ok).toBe(true);
  });

  it('in a message of bytes is refused', async () => {
    const { lock } = await startControl({ providers });
    const operator = await Operator.open(lock.url);

    operator.client.socket.send(Buffer.from('{"type":"req","id":"7","method":"echo"}'));

    const answer = await operator.client.take(isResponse);
    expect(answer).toMatchObject({ id: 'invalid', ok: false, error: { code: 'INVALID_REQUEST' } });
    expect((await operator.call('echo')).ok).toBe(true);
  });

  it('may have an id and a method of 128 characters', async () => {
    const { lock } = await startControl({ providers });
    const { client } = await Operator.open(lock.url);
    const id = 'i'.repeat(128);

    client.send({ type: 'req', id, method: 'm'.repeat(128) });

    expect(await client.take(isResponse)).toEqual({ type: 'res', id, ok: true, payload: 'long' });
  });

  it('over the limit of a message closes the client with 1009, and no other', async () => {
    const { lock } = await startControl({ providers, lock: { ws: { maxPayloadBytes: 100_000 } } });
    const [greedy, modest] = [await Operator.open(lock.url), await Operator.open(lock.url)];

    greedy.client.send('x'.repeat(100_001));

    expect((await greedy.close()).code).toBe(1009);
    expect((await modest.call('echo', { text: 'x'.repeat(90_000) })).ok).toBe(true);
  });
});

describe('requests of one client', () => {
  it('run side by side, and are answered as they end', async () => {
    const { app, lock } = await startControl({ providers });
    const { client } = await Operator.open(lock.url);
    const { gates } = app.get(TestGateway);
    const answer = async (): Promise<string> => (await client.take(isResponse)).id;

    client.send({ type: 'req', id: 'first', method: 'wait', params: { gate: 0 } });
    client.send({ type: 'req', id: 'second', method: 'wait', params: { gate: 1 } });
    gates[1]?.open();
    expect(await answer()).toBe('second');
    gates[0]?.open();
    expect(await answer()).toBe('first');
  });

  it('may share an id, and are all answered', async () => {
    const { lock } = await startControl({ providers });
    const { client } = await Operator.open(lock.url);

    client.send({ type: 'req', id: 'same', method: 'echo', params: { n: 1 } });
    client.send({ type: 'req', id: 'same', method: 'echo', params: { n: 2 } });

    const answers = [await client.take(isResponse), await client.take(isResponse)];
    expect(answers.map(({ id, payload }) => ({ id, payload }))).toEqual([
      { id: 'same', payload: { n: 1 } },
      { id: 'same', payload: { n: 2 } },
    ]);
  });

  it('are refused when too many run at once, to be tried again', async () => {
    const { app, lock } = await startControl({ providers, lock: { clients: { maxRequests: 2 } } });
    const [busy, other] = [await Operator.open(lock.url), await Operator.open(lock.url)];
    const running = [busy.call('wait', { gate: 0 }), busy.call('wait', { gate: 0 })];

    expect((await busy.call('echo')).error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect((await other.call('echo')).ok).toBe(true);
    app.get(TestGateway).gates[0]?.open();
    await Promise.all(running);
    expect((await busy.call('echo')).ok).toBe(true);
  });
});

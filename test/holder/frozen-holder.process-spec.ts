import { once } from 'node:events';

import { WATCH_PATH, watchHolder } from '../../src/holder/watch-holder.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { startGateway } from '../kit/gateway.js';
import { fillBacklog, rawConnection } from '../kit/net.js';
import { Operator } from '../kit/operator.js';
import { BIN, Program } from '../kit/program.js';
import { proven } from '../kit/proven.js';

/** The verdict takes half a second, a connect that hangs two minutes; between them there is room for a busy machine. */
const REFUSAL_DEADLINE_MS = 60_000;
const DEADLINE_MS = 20_000;

const refused: string[] = [];
afterAll(() => proven(`starts beside a frozen gateway: ${refused.join('; ')}`));

describe('a gateway that is frozen', () => {
  it('refuses a second start, and answers when it goes on', async () => {
    const { program, port, url } = await startGateway();
    program.signal('SIGSTOP');
    const waiting = await rawConnection(port);
    const answered = once(waiting, 'data');
    waiting.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');

    const elapsed = await refusedStart(port);

    expect(waiting.bytesRead).toBe(0);
    program.signal('SIGCONT');
    await within(DEADLINE_MS, 'the answer to a request from before', answered);
    await expectHealth(url);
    refused.push(`1 refused after ${elapsed} ms`);
  });

  it('refuses a second start even when connects to it hang, and answers when it goes on', async () => {
    const { program, port, url } = await startGateway();
    program.signal('SIGSTOP');
    const connections = await fillBacklog(port);
    const hanging = connections.at(-1);

    const elapsed = await refusedStart(port);

    expect(hanging?.connecting).toBe(true);
    connections.forEach((socket) => socket.destroy());
    program.signal('SIGCONT');
    await expectHealth(url);
    refused.push(`1 with ${connections.length - 1} connections waiting and connects that hang, after ${elapsed} ms`);
  });

  it('is noticed by who has watched it for long, and not before it freezes', async () => {
    const { program, port } = await startGateway();
    const watching = new AbortController();
    onCleanUp(() => watching.abort());
    const onSilence = jest.fn();
    const silence = new Promise<void>((resolve) => onSilence.mockImplementation(resolve));
    const agreed = new Promise<void>((onAgreed) => {
      void watchHolder({ host: '127.0.0.1', port }, { signal: watching.signal, onAgreed, onSilence });
    });
    await within(DEADLINE_MS, 'a watch', agreed);
    // Another watch hears what the first does, a moment later; four signs of life are more than a silence takes.
    const beside = await rawConnection(port);
    beside.write(`GET ${WATCH_PATH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    for (let sign = 0; sign < 5; sign++) await within(DEADLINE_MS, 'a sign of life', once(beside, 'data'));
    expect(onSilence).not.toHaveBeenCalled();

    program.signal('SIGSTOP');

    await within(DEADLINE_MS, 'the silence to be noticed', silence);
    program.signal('SIGCONT');
  });
});

/** @returns how long the start took, in milliseconds */
async function refusedStart(port: number): Promise<number> {
  const begun = performance.now();
  const second = Program.node(BIN, ['gateway', '--port', port]);
  expect(await second.exit(REFUSAL_DEADLINE_MS)).toEqual({ code: 75, signal: null });
  expect(second.stderr.split('\n', 1)).toEqual([
    `another gateway instance is already listening on ws://127.0.0.1:${port}`,
  ]);
  return Math.round(performance.now() - begun);
}

async function expectHealth(url: string): Promise<void> {
  expect(await (await Operator.open(url)).call('health')).toMatchObject({ ok: true, payload: { ok: true } });
}

import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import { readCard } from '../../src/holder/read-card.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { startCardHolder } from './card-holder.js';

const SHORT_MS = 300;
const SLACK_MS = 10_000;

describe('asking a port for its card', () => {
  it('gives up on a connect that hangs', async () => {
    const { port, program } = await startCardHolder();
    program.signal('SIGSTOP');
    await fillBacklog(port);

    const answer = readCard({ host: '127.0.0.1', port }, { deadline: performance.now() + SHORT_MS });

    expect(await within(SLACK_MS, 'the answer', answer)).toEqual({ kind: 'silent' });
  });
});

/** Connects to a frozen process until a connect hangs. */
async function fillBacklog(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    onCleanUp(() => socket.destroy());
    // On loopback the kernel answers a connect at once, unless the backlog is full.
    await within(SHORT_MS, 'the connect', once(socket, 'connect')).catch(() => undefined);
    // A busy machine may have had no time for this process to hear of it.
    await turnOfTheLoop();
    if (socket.connecting) return;
  }
}

import { readCard } from '../../src/holder/read-card.js';
import { within } from '../kit/deadline.js';
import { fillBacklog } from '../kit/net.js';
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

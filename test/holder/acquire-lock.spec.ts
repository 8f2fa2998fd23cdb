import { acquireLock } from '../../src/holder/acquire-lock.js';
import { claimListener } from '../../src/listener/claim-listener.js';
import type { ClaimedListener } from '../../src/listener/claimed-listener.js';
import { CARD_PATH } from '../../src/holder/card.js';
import { ACQUIRE_DEFAULTS } from '../../src/options/holder.options.js';
import { GatewayHttpServer } from '../../src/serving/gateway-http.server.js';
import { startApp } from '../kit/app.js';
import { onListen } from '../kit/claims.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { portOf, stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';

describe('a standby', () => {
  it('tries again at once while its holder is still dying', async () => {
    const { app, lock } = await startApp();
    const port = Number(new URL(lock.url).port);
    // It looks, agrees to watch, and looks again.
    const looks = new Gate();
    let looked = 0;
    app.get(GatewayHttpServer).http.on('request', ({ url }, response) => {
      if (url === CARD_PATH) response.once('close', () => ++looked === 2 && looks.open());
    });
    const seen: string[] = [];
    const refusals: unknown[] = [];
    // A holder whose last descriptor is closed after the third attempt.
    const claim = async (): Promise<ClaimedListener> => {
      if (refusals.length === 1 || refusals.length === 2) throw refusals[refusals.push(refusals[0]) - 1];
      return claimListener({ port }).catch((refusal: unknown) => {
        refusals.push(refusal);
        throw refusal;
      });
    };
    const onWait = ({ verdict }: { verdict: string }): void => void seen.push(verdict);
    const acquired = acquireLock(claim, { ...ACQUIRE_DEFAULTS, wait: 'standby', onWait }, new AbortController().signal);
    await within(5_000, 'the watch', looks.opened);

    await app.close();

    const listener = await within(5_000, 'the lock', acquired);
    onCleanUp(() => listener.close());
    expect(refusals).toHaveLength(3);
    // A start that gives up at once looks once more, and finds that no process listens.
    expect(seen).toContain('ready');
    expect(seen).not.toContain('blocked');
  });

  it('waits for an address that this machine does not have yet, and says so', async () => {
    const port = await freePort();
    const waited: string[] = [];
    onListen(({ host }) => {
      // The machine has it from the second attempt on.
      if (host === '127.0.0.2' && waited.length === 0) {
        throw Object.assign(new Error('listen EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' });
      }
    });
    const onWaitForAddress = (url: string): void => void waited.push(url);
    const settings = { ...ACQUIRE_DEFAULTS, wait: 'standby', onWaitForAddress } as const;

    const acquired = acquireLock(
      () => claimListener({ host: '127.0.0.2', port }),
      settings,
      new AbortController().signal,
    );

    const listener = await within(10_000, 'the lock', acquired);
    onCleanUp(() => listener.close());
    expect(waited).toEqual([`ws://127.0.0.2:${port}`]);
  });
});

describe('a start', () => {
  const { signal } = new AbortController();

  it('names the holder of a port, and does not ask where it is told not to', async () => {
    const port = portOf(await stranger());
    const url = `ws://127.0.0.1:${port}`;
    // It says nothing. On a busy machine the search for its process can run out of time, and then it may be a gateway.
    const verdict = expect.stringMatching(/^(foreign|stalled)$/) as string;
    const start = (identify: boolean): Promise<unknown> =>
      acquireLock(() => claimListener({ port }), { ...ACQUIRE_DEFAULTS, identify }, signal);

    await expect(start(true)).rejects.toMatchObject({ holder: { verdict, url } });
    await expect(start(false)).rejects.toMatchObject({ code: 'GATEWAY_ALREADY_LISTENING', holder: undefined });
  });

  it('passes on what is no refusal', async () => {
    const broken = new Error('broken');

    await expect(acquireLock(() => Promise.reject(broken), ACQUIRE_DEFAULTS, signal)).rejects.toBe(broken);
  });
});

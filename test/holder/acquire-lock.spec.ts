import { acquireLock } from '../../src/holder/acquire-lock.js';
import { claimListener, type ClaimedListener } from '../../src/index.js';
import { CARD_PATH } from '../../src/holder/card.js';
import { ACQUIRE_DEFAULTS } from '../../src/options/holder.options.js';
import { GatewayHttpServer } from '../../src/serving/gateway-http.server.js';
import { startApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';

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
});

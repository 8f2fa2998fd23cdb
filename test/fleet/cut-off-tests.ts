import type { AppParts } from '../kit/app.js';
import { until, within } from '../kit/deadline.js';
import { hookModule } from '../kit/hooks.js';
import type { Postgres } from '../kit/postgres.js';
import { SilentProxy } from '../kit/silent-proxy.js';
import { membersOf, SHORT, WAIT_MS } from './members.js';

/** What happens where a gateway and its database do not hear of each other any more, and neither is told. */
export function cutOffTests(postgres: () => Postgres): void {
  const { active, standby } = membersOf(postgres);

  async function throughProxy(url: string): Promise<{ readonly url: string; readonly proxy: SilentProxy }> {
    const { port } = postgres();
    const proxy = await SilentProxy.before(port);
    return { url: url.replace(`:${port}/`, `:${proxy.port}/`), proxy };
  }

  it('has stopped before the next one works', async () => {
    const direct = await postgres().database();
    const { url, proxy } = await throughProxy(direct);
    const events: string[] = [];
    const work: AppParts = {
      imports: [
        hookModule({ onApplicationBootstrap: () => events.push(`second works, first may: ${first.lease.valid}`) }),
      ],
    };
    const first = await active(url, { timing: SHORT });
    void first.lock.lost.then(() => events.push('first is lost'));
    void first.lock.stopping.then(() => first.app.close()).then(() => events.push('first has stopped'));
    const second = await standby(direct, { timing: SHORT }, {}, work);

    proxy.cut();
    await within(WAIT_MS, 'the takeover', second.init);

    expect(events).toEqual(['first is lost', 'first has stopped', 'second works, first may: false']);
    expect(second.lease.token).toBeGreaterThan(first.lease.token);
  });

  it('does not keep the others from the lock where it was the next in the queue', async () => {
    const direct = await postgres().database();
    const { url, proxy } = await throughProxy(direct);
    const first = await active(direct, { timing: SHORT });
    const cutOff = await standby(url, { timing: SHORT });
    const third = await standby(direct, { timing: SHORT });

    proxy.cut();
    await first.app.close();
    await within(WAIT_MS, 'the takeover', third.init);

    expect([cutOff.lease.valid, third.lease.valid]).toEqual([false, true]);
    await until(WAIT_MS, 'the queue', () => cutOff.lock.phase === 'standby');
  });
}

import net from 'node:net';

import { isRefused } from '../../src/listener/is-refused.js';
import { portOf, stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';

describe('isRefused', () => {
  afterEach(() => jest.useRealTimers());

  it('is true where no process listens', async () => {
    expect(await isRefused({ host: '127.0.0.1', port: await freePort() }, 5_000)).toBe(true);
  });

  it('is false where a process listens', async () => {
    expect(await isRefused({ host: '127.0.0.1', port: portOf(await stranger()) }, 5_000)).toBe(false);
  });

  it('is true where it meets only itself', async () => {
    const port = await freePort();
    const { connect } = net;
    // The kernel may choose the very port that is asked for; here it is told to.
    const meetItself = ((options: net.TcpNetConnectOpts) => connect({ ...options, localPort: port })) as typeof connect;
    const spy = jest.spyOn(net, 'connect').mockImplementation(meetItself);

    const refused = await isRefused({ host: '127.0.0.1', port }, 5_000);

    spy.mockRestore();
    expect(refused).toBe(true);
  });

  it('is false when there is no answer in time', async () => {
    const port = await freePort();
    jest.useFakeTimers();

    const refused = isRefused({ host: '127.0.0.1', port }, 5_000);
    jest.advanceTimersByTime(5_000);

    expect(await refused).toBe(false);
  });
});

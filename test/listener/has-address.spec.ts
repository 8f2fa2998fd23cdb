import { hasAddress, waitForAddress } from '../../src/listener/has-address.js';
import { onListen } from '../kit/claims.js';
import { within } from '../kit/deadline.js';

/** An address of a network that no machine is in (RFC 5737). */
const ELSEWHERE = '192.0.2.1';

describe('hasAddress', () => {
  it('is true of an address of this machine, and false of another', async () => {
    expect(await hasAddress('127.0.0.1')).toBe(true);
    expect(await hasAddress(ELSEWHERE)).toBe(false);
  });

  it('is true where the bind fails for another reason, which the next bind reports', async () => {
    onListen(() => {
      throw Object.assign(new Error('listen EMFILE'), { code: 'EMFILE' });
    });

    expect(await hasAddress(ELSEWHERE)).toBe(true);
  });
});

describe('waitForAddress', () => {
  it('looks until the machine has the address', async () => {
    let looks = 0;
    onListen(() => {
      if (++looks < 2) throw Object.assign(new Error('listen EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' });
    });

    await within(10_000, 'the address', waitForAddress('127.0.0.1', new AbortController().signal));

    expect(looks).toBe(2);
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const waiting = waitForAddress(ELSEWHERE, stop.signal);

    stop.abort();

    await expect(waiting).rejects.toThrow('aborted');
  });
});

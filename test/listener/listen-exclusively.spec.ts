import dns from 'node:dns';
import type { AddressInfo } from 'node:net';

import { hasAddress } from '../../src/listener/has-address.js';
import { listenOnce } from '../../src/listener/listen-exclusively.js';
import { onCleanUp } from '../kit/cleaner.js';

describe('a listener', () => {
  it.each(['127.0.0.1', '::1'])(
    'is bound to %s without a look-up of it, and later look-ups are those of Node',
    async (host) => {
      if (!(await hasAddress(host))) return;
      const lookup = jest.spyOn(dns, 'lookup');

      const server = await listenOnce({ host, port: 0 });
      onCleanUp(() => {
        server.close();
        lookup.mockRestore();
      });

      expect(server.address()).toMatchObject({ address: host } satisfies Partial<AddressInfo>);
      expect(lookup).not.toHaveBeenCalled();
      expect(dns.lookup).toBe(lookup);
      server.close();
      lookup.mockRestore();
    },
  );
});

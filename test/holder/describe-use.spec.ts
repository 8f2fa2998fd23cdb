import { describeUse } from '../../src/holder/describe-holder.js';
import type { Holder, PortOwner } from '../../src/listener/holder.js';

function heldBy(owner: Partial<PortOwner>): Holder {
  return {
    verdict: 'foreign',
    url: 'ws://127.0.0.1:18789',
    ownership: 'unknown',
    owner: { pid: 99, isGateway: false, pidsInNamespaces: [99], ...owner },
  };
}

describe('what uses a port', () => {
  it('is an SSH tunnel where ssh has it', () => {
    expect(describeUse(heldBy({ command: 'ssh', user: 'me' }), 'port 18789')).toBe(
      'an SSH tunnel (ssh -L …) already uses port 18789 (pid 99, user me): close it, or use another local port',
    );
  });

  it('is another program by its name', () => {
    expect(describeUse(heldBy({ command: 'nginx', user: 'root' }), 'port 18789')).toBe(
      'port 18789 is in use by another program: nginx (pid 99, user root)',
    );
  });
});

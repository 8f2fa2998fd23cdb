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
  it.each(['ssh', 'ssh -N -L 18789:127.0.0.1:18789 host', '/usr/bin/ssh -L 18789:127.0.0.1:18789 host'])(
    'is an SSH tunnel where %s has it',
    (command) => {
      expect(describeUse(heldBy({ command, user: 'me' }), 'port 18789')).toBe(
        'an SSH tunnel (ssh -L …) already uses port 18789 (pid 99, user me): close it, or use another local port',
      );
    },
  );

  it.each(['nginx', 'sshd: me@pts/0', 'node /srv/ssh -L'])('is another program where %s has it', (command) => {
    expect(describeUse(heldBy({ command, user: 'root' }), 'port 18789')).toBe(
      `port 18789 is in use by another program: ${command} (pid 99, user root)`,
    );
  });
});

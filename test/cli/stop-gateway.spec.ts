import { describeStop } from '../../src/cli/stop-gateway.js';
import type { Holder } from '../../src/listener/holder.js';

const PORT = 18_789;
const owner = { pid: 4711, uid: process.geteuid?.() ?? 0, isGateway: true, pidsInNamespaces: [4711] };
const frozen: Holder = { verdict: 'stalled', url: `ws://127.0.0.1:${PORT}`, ownership: 'same user', owner };

describe('a stop that is refused', () => {
  it('says how to end a gateway that is frozen', () => {
    const text = describeStop(
      { kind: 'refused', reason: 'it shows no card', holder: frozen },
      { host: '', port: PORT },
    );

    expect(text).toMatch(
      /^not stopped: it accepts connections but does not answer: a gateway, pid 4711.*; to end it: kill -9 4711$/,
    );
  });

  it('does not have the one of another user ended', () => {
    const holder: Holder = { ...frozen, ownership: 'other user' };

    const text = describeStop({ kind: 'refused', reason: 'it shows no card', holder }, { host: '', port: PORT });

    expect(text).toMatch(/^not stopped: it accepts connections but does not answer: a gateway, pid 4711(?!.*kill)/);
  });
});

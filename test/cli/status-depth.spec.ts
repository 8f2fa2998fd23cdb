import { depthRows } from '../../src/cli/status-depth.js';
import type { Status } from '../../src/control/methods/operator-methods.js';

describe('status --deep', () => {
  it('shows what a gateway says of itself without what would make a terminal show something else', () => {
    const live = { clients: '\u001b[2J\n2' } as unknown as Status;

    expect(depthRows({ live })).toEqual([['clients', '\ufffd[2J\ufffd2, with this command']]);
  });
});

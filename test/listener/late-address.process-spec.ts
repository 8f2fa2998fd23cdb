import { execFileSync } from 'node:child_process';

import { onCleanUp } from '../kit/cleaner.js';
import { logLines, trouble } from '../kit/log.js';
import { addAddress, inOwnNetwork, NO_NAMESPACES } from '../kit/namespace.js';
import { BIN } from '../kit/program.js';

/** An address of a private network (RFC 1918), which a namespace does not have until it is given it. */
const HOST = '10.77.0.1';
const PORT = 18_789;

const skipped = NO_NAMESPACES !== undefined && !process.env['CI'];
const title = `an address that this machine has not yet${skipped ? ` (${NO_NAMESPACES})` : ''}`;
(skipped ? describe.skip : describe)(title, () => {
  it('is waited for by a standby, which says so once', async () => {
    const program = inOwnNetwork(BIN, ['gateway', '--host', HOST, '--port', PORT, '--standby']);
    const line = `standing by for ws://${HOST}:${PORT}: this machine does not have this address yet`;
    await program.output('stderr', /does not have this address yet.*\n/);

    addAddress(program, HOST);

    const [, addresses] = await program.output('stdout', /^addresses: (.*)$/m);
    expect(addresses).toContain(`ws://${HOST}:${PORT}`);
    const said = logLines(program.stderr).filter(({ subsystem }) => subsystem === 'gateway/standby');
    expect(said.map(({ message }) => message)).toEqual([line]);
    expect(trouble(program.stderr)).toBe('');
  });

  it('is waited for by a start in the background', async () => {
    const program = inOwnNetwork(BIN, ['gateway', 'start', '--host', HOST, '--port', PORT, '--json']);
    await program.output('stderr', /^waiting for the address 10\.77\.0\.1, which this machine does not have yet$/m);

    addAddress(program, HOST);

    const [started] = await program.output('stdout', /^\{.*\}$/m);
    const { ok, pid } = JSON.parse(started) as { ok: boolean; pid: number };
    onCleanUp(() => execFileSync('kill', ['-9', String(pid)]));
    expect(ok).toBe(true);
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('ends a start that has no more time, as one that may be tried again: 75', async () => {
    const args = ['gateway', 'start', '--host', HOST, '--port', PORT, '--timeout', 10_000];
    const program = inOwnNetwork(BIN, args);

    expect(await program.exit()).toEqual({ code: 75, signal: null });
    expect(program.stderr).toContain(`failed to bind gateway socket on ws://${HOST}:${PORT}: listen EADDRNOTAVAIL`);
  });
});

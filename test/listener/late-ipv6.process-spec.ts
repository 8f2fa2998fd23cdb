import { inNetworkOf, inOwnNetwork, NO_NAMESPACES, switchIPv6 } from '../kit/namespace.js';
import { decided, parse } from '../kit/openclaw.js';
import { BIN, fixture } from '../kit/program.js';

const skipped = NO_NAMESPACES !== undefined && !process.env['CI'];
const title = `IPv6 that is switched on under a running gateway${skipped ? ` (${NO_NAMESPACES})` : ''}`;
(skipped ? describe.skip : describe)(title, () => {
  it('leaves [::1] to no other process: its holder is named, and when that has gone it is taken', async () => {
    const other = inOwnNetwork(fixture('card-holder'), ['::1', 'ready']);
    const [port] = await other.output('stdout', /\d+/);
    switchIPv6(other, false);
    const gateway = inNetworkOf(other, BIN, ['gateway', '--port', port, '--verbose']);
    const [, addresses] = await gateway.output('stdout', /^addresses: (.*)$/m);
    expect(addresses).toBe(`ws://127.0.0.1:${port}`);

    switchIPv6(gateway, true);
    await gateway.output('stderr', new RegExp(`another process listens on ws://\\[::1\\]:${port}, so clients`));
    other.signal('SIGKILL');
    await gateway.output('stderr', new RegExp(`listening on ws://\\[::1\\]:${port} too, `));

    const args = ['gateway', 'status', '--host', '::1', '--port', port, '--json'];
    const { code, stdout } = await decided(() => inNetworkOf(gateway, BIN, args).result());
    expect([code, parse(stdout)]).toEqual([0, expect.objectContaining({ ok: true, verdict: 'ready' })]);
    gateway.signal('SIGTERM');
    expect(await gateway.exit()).toEqual({ code: 0, signal: null });
  });
});

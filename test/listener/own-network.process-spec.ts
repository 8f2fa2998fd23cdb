import { startGateway } from '../kit/gateway.js';
import { inOwnNetwork, NO_NAMESPACES } from '../kit/namespace.js';
import { BIN } from '../kit/program.js';
import { freeEverywhere } from '../kit/sockets.js';

// A machine of one's own may not allow namespaces; a run that others rely on leaves nothing out.
const skipped = NO_NAMESPACES !== undefined && !process.env['CI'];
const title = `a network namespace${skipped ? ` (${NO_NAMESPACES})` : ''}`;
(skipped ? describe.skip : describe)(title, () => {
  it('without IPv6 has its gateway on 127.0.0.1 alone, and none on ::1', async () => {
    const port = await freeEverywhere();
    const gateway = inOwnNetwork(BIN, ['gateway', '--port', port], { ipv6: false });
    const impossible = inOwnNetwork(BIN, ['gateway', '--port', port, '--host', '::1'], { ipv6: false });

    const [, addresses] = await gateway.output('stdout', /^addresses: (.*)$/m);

    expect(addresses).toBe(`ws://127.0.0.1:${port}`);
    expect(await impossible.exit()).toEqual({ code: 75, signal: null });
    expect(impossible.stderr).toContain(`failed to bind gateway socket on ws://[::1]:${port}: listen EADDRNOTAVAIL`);
  });

  it('has ports of its own: each can have its gateway on the same one', async () => {
    const { program, port, url } = await startGateway(await freeEverywhere());

    const others = [1, 2].map(() => inOwnNetwork(BIN, ['gateway', '--port', port]));

    for (const other of others) await other.output('stdout', new RegExp(`^gateway listening on ${url}$`, 'm'));
    for (const gateway of [program, ...others]) {
      gateway.signal('SIGTERM');
      expect(await gateway.exit()).toEqual({ code: 0, signal: null });
    }
  });
});

import { freePort, isFree } from '../kit/ports.js';
import { startGateway } from '../kit/gateway.js';
import { fixture, Program } from '../kit/program.js';

describe('what runGateway starts afterwards', () => {
  it('finds the lock held and every module started, and comes before the ready line', async () => {
    const program = Program.node(fixture('hybrid-gateway'), [await freePort()]);
    await program.output('stdout', /^gateway listening on/m);
    program.signal('SIGTERM');

    expect(await program.exit()).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(/^started while ready\ngateway listening on ws:/);
  });

  it('is not started where the start is refused', async () => {
    const { port } = await startGateway();
    const program = Program.node(fixture('hybrid-gateway'), [port]);

    expect(await program.exit()).toEqual({ code: 78, signal: null });
    expect(program.stdout).toBe('');
  });

  it('stops the gateway where it fails', async () => {
    const port = await freePort();
    const program = Program.node(fixture('hybrid-gateway'), [port, 'failing']);

    expect(await program.exit()).toEqual({ code: 1, signal: null });
    expect(program.stdout).toBe('started while ready\n');
    expect(program.stderr).toMatch(/^Error: no broker/);
    expect(await isFree(port)).toBe(true);
  });
});

describe('an app without the lock', () => {
  it('is told in one line what to import', async () => {
    const program = Program.node(fixture('hybrid-gateway'), ['lockless']);

    expect(await program.exit()).toEqual({ code: 64, signal: null });
    expect(program.stderr).toBe(
      'the app does not hold the lock: import GatewayLockModule.forRoot() in its root module\n',
    );
  });
});

import { whoHolds } from '../../src/holder/who-holds.js';
import { addressOfUrl } from '../../src/listener/listen-address.js';
import { freePort, isFree } from '../kit/ports.js';
import { startGateway } from '../kit/gateway.js';
import { decided, UNNAMED } from '../kit/openclaw.js';
import { fixture, Program } from '../kit/program.js';

/** Both programs start at once, and the search for a process takes as long as the machine is busy. */
const LOOK_MS = 10_000;

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

describe('an app of one’s own', () => {
  it('is refused in its own words, without a command of ours', async () => {
    const port = await freePort();
    const first = Program.node(fixture('hybrid-gateway'), [port]);
    await first.output('stdout', /^gateway listening on/m);

    const { code, stderr } = await decided(() => Program.node(fixture('hybrid-gateway'), [port]).result(), UNNAMED);

    expect(code).toBe(78);
    expect(stderr).toMatch(
      new RegExp(
        `^another gateway instance is already listening on ws://127.0.0.1:${port}\n` +
          `  held by +acme 2\\.0\\.0, profile default, pid ${first.pid}, ready, up \\d+ s\n` +
          `  see it +ps -fp ${first.pid}\n` +
          `  stop it +kill ${first.pid}\n` +
          '  use another port +give another port to GatewayLockModule\\.forRoot\\(\\)\n$',
      ),
    );
  });

  it('takes the title of a gateway where it is asked to, and keeps its own elsewhere', async () => {
    const programs = ['plain', 'titled'].map((kind) => Program.node(fixture('hybrid-gateway'), [0, kind]));
    const cards = await Promise.all(
      programs.map(async (program) => {
        const [, url = ''] = await program.output('stdout', /^gateway listening on (ws:\S+)$/m);
        return whoHolds(addressOfUrl(url), { timeoutMs: LOOK_MS });
      }),
    );

    expect(cards.map(({ owner }) => owner?.isGateway)).toEqual([false, true]);
  });
});

describe('an app with a wrong option', () => {
  it('is told in one line which, without the stack that Nest logs', async () => {
    const program = Program.node(fixture('hybrid-gateway'), ['80x']);

    expect(await program.exit()).toEqual({ code: 64, signal: null });
    expect(program.stderr).toMatch(/^port: NaN .*\n$/);
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

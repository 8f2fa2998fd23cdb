import { stopHolder } from '../../src/holder/stop-holder.js';
import { startCardHolder } from '../holder/card-holder.js';
import { startGateway } from '../kit/gateway.js';
import { hangingGateway } from '../kit/hanging-gateway.js';
import { trouble } from '../kit/log.js';
import { Client, muteWebSocket } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { decided, openclaw } from '../kit/openclaw.js';
import { BIN, Program } from '../kit/program.js';
import { canStartAnew } from '../kit/start-anew.js';

/** A shutdown whose own deadline no test waits for. */
const LONG_MS = 120_000;

describe('stop', () => {
  it('ends a gateway in order, and succeeds when the port is free', async () => {
    const { port, program, url } = await startGateway();
    const client = await Client.open(url);

    const { code, stdout } = await openclaw('stop', '--port', port);

    expect([code, stdout]).toEqual([0, `stopped; port ${port} is free\n`]);
    expect((await client.close()).code).toBe(1001);
    expect(await isFree(port)).toBe(true);
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('says so when there is nothing to stop, or to restart', async () => {
    const port = await freePort();

    const stop = await decided(() => openclaw('stop', '--port', port));
    const restart = await decided(() => openclaw('restart', '--port', port));

    expect([stop.code, stop.stdout]).toEqual([0, `nothing to stop: no gateway is running on port ${port}\n`]);
    expect([restart.code, restart.stdout]).toEqual([
      0,
      `nothing to restart: no gateway is running on port ${port}\nto start one: openclaw gateway start --port ${port}\n`,
    ]);
  });

  it('names the one that has taken over', async () => {
    const { port, program } = await startCardHolder({ title: 'openclaw-gateway', successor: 'rescue' });

    const { code, stdout, stderr } = await openclaw('stop', '--port', port);

    expect(stderr).toBe(`asked the gateway with pid ${program.pid} to stop\n`);
    expect(stdout).toMatch(
      new RegExp(
        `^stopped; port ${port} was taken over: gateway 1\\.2\\.3, profile rescue, pid ${program.pid}, ready, up .*\n$`,
      ),
    );
    expect(code).toBe(0);
  });

  it('gives up on one that does not stop in time', async () => {
    const { port, program } = await hangingGateway('onModuleDestroy', 'hang', LONG_MS);

    const { code, stdout } = await openclaw('stop', '--port', port, '--timeout', 300);

    expect(stdout).toMatch(new RegExp(`^not stopped in time, and still there: .* pid ${program.pid}`));
    expect(code).toBe(75);
  });

  it.each(['0', '-1', '1e3', '', '99999999'])('refuses the timeout %j', async (value) => {
    const { code, stderr } = await openclaw('stop', `--timeout=${value}`);

    expect(stderr).toMatch(/^--timeout: ".*" is not a time; give milliseconds from 1 to 3600000, or leave it out/);
    expect(code).toBe(64);
  });
});

describe('stop, of a gateway that is already stopping', () => {
  it('only waits: a second signal would cut it short', async () => {
    // Long enough for a command on a busy machine to find it.
    const { port, program } = await hangingGateway('onModuleDestroy', 'hang', 4_000);
    program.signal('SIGTERM');
    await program.output('stdout', /hanging/);

    const { code, stdout, stderr } = await openclaw('stop', '--port', port);

    expect(stderr).toBe(`the gateway with pid ${program.pid} is already stopping\n`);
    expect([code, stdout]).toEqual([0, `stopped; port ${port} is free\n`]);
    // Ended by its own deadline, and not by a signal.
    expect(await program.exit()).toEqual({ code: 1, signal: null });
  });
});

describe('stopHolder', () => {
  it('kills, where it may, a gateway that does not stop', async () => {
    const { port, program } = await hangingGateway('onModuleDestroy', 'hang', LONG_MS);
    const lines: string[] = [];

    const outcome = await stopHolder(
      { host: '127.0.0.1', port },
      { timeoutMs: 300, kill: true, report: (line) => lines.push(line) },
    );

    expect(outcome).toEqual({ kind: 'stopped' });
    expect(lines).toEqual([
      `asked the gateway with pid ${program.pid} to stop`,
      `it did not stop within 300 ms; killing pid ${program.pid}`,
    ]);
    expect(await program.exit()).toEqual({ code: null, signal: 'SIGKILL' });
  });
});

(canStartAnew ? describe.skip : describe)('restart, where a gateway cannot start anew in its place', () => {
  it('stops, and says how to start again in the same foreground', async () => {
    const { port, program } = await startGateway();

    const { code, stdout } = await openclaw('restart', '--port', port);

    expect(stdout).toBe(
      `stopped; port ${port} is free\nstart it again where it ran: openclaw gateway --port ${port}\n`,
    );
    expect(code).toBe(0);
    await program.exit();
  });

  it('names the host where it was given one', async () => {
    const { port } = await startGateway();

    const { stdout } = await openclaw('restart', '--port', port, '--host', '127.0.0.1');

    expect(stdout).toContain(`start it again where it ran: openclaw gateway --port ${port} --host 127.0.0.1\n`);
  });
});

describe('--force', () => {
  it('asks the holder to stop, and takes its place', async () => {
    const { port, program, url } = await startGateway();
    await muteWebSocket(url);

    const next = Program.node(BIN, ['gateway', '--port', port, '--force']);

    await next.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${port}$`, 'm'));
    expect(trouble(next.stderr)).toBe(`asked the gateway with pid ${program.pid} to stop\n`);
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('says so when another gateway was quicker, and ends as any refused start', async () => {
    const { port, program } = await startCardHolder({ title: 'openclaw-gateway', successor: 'rescue' });

    const { code, stdout, stderr } = await openclaw('--port', port, '--force');

    const [asked, taken, refused, held] = stderr.split('\n');
    const successor = `gateway 1\\.2\\.3, profile rescue, pid ${program.pid}, ready, up .*`;
    expect(asked).toBe(`asked the gateway with pid ${program.pid} to stop`);
    expect(taken).toMatch(new RegExp(`^stopped; port ${port} was taken over: ${successor}$`));
    expect(refused).toBe(`another gateway instance is already listening on ws://127.0.0.1:${port}`);
    expect(held).toMatch(new RegExp(`^ {2}held by +${successor}$`));
    expect([code, stdout]).toEqual([78, '']);
  });

  it('and a standby: one of them takes the port, and the other knows which', async () => {
    const { port } = await startGateway();
    const standby = Program.node(BIN, ['gateway', '--port', port, '--standby']);
    await standby.output('stderr', /"message":"standing by/);

    const forced = Program.node(BIN, ['gateway', '--port', port, '--force']);

    const winner = await Promise.any(
      [standby, forced].map(async (program) => {
        await program.output('stdout', /^gateway listening/m);
        return program;
      }),
    );
    if (winner === forced) {
      await standby.output('stderr', new RegExp(`"message":"standing by for .* pid ${forced.pid}, `, 'm'));
    } else {
      expect([75, 78]).toContain((await forced.exit()).code);
      expect(forced.stderr).toMatch(new RegExp(`held by +gateway .* pid ${standby.pid}, `));
    }
  });

  it('ends with 0 on SIGTERM while it waits for the holder', async () => {
    const { port } = await hangingGateway('onModuleDestroy', 'hang', LONG_MS);
    const next = Program.node(BIN, ['gateway', '--port', port, '--force']);
    await next.output('stderr', /^asked the gateway/);

    next.signal('SIGTERM');

    expect(await next.exit()).toEqual({ code: 0, signal: null });
    expect(next.stdout).toBe('');
  });

  it.each([
    ['--force=hard', '--force: "hard" is not a way to stop a gateway; give --force or --force=kill\n'],
    ['--standby --ensure', '--ensure and --standby contradict each other: give one of them\n'],
  ])('refuses %s', async (flags, line) => {
    const { code, stderr } = await openclaw(...flags.split(' '));

    expect([code, stderr]).toEqual([64, line]);
  });
});

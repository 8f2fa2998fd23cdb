import { within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { startGateway } from '../kit/gateway.js';
import { trouble } from '../kit/log.js';
import { Client, portOf, stranger, upgradeStatus } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { Operator } from '../kit/operator.js';
import { BIN, fixture, Program, type StartOptions } from '../kit/program.js';
import { proven } from '../kit/proven.js';
import { standingBy } from '../kit/standing-by.js';
import { tempFolder } from '../kit/temp.js';

const listening = /^gateway listening on/m;

let takeovers = 0;
afterAll(() => proven(`${takeovers} takeovers by standbys, exactly one each time`));

/** All are of one profile, as those that wait for one port are, and so have two locks to take over. */
let options: StartOptions;
beforeEach(() => {
  options = { env: { HOME: tempFolder() } };
});

function standby(port: number): Program {
  return Program.node(BIN, ['gateway', '--port', port, '--standby'], options);
}

async function waiting(port: number, count: number): Promise<Program[]> {
  const programs = Array.from({ length: count }, () => standby(port));
  await Promise.all(programs.map((program) => program.output('stderr', /"message":"standing by for .*\n/, 60_000)));
  return programs;
}

/** Resolves with the one that has taken over; the others are still waiting. */
async function takenOver(programs: readonly Program[], port: number): Promise<Program> {
  const winner = await Promise.race(
    programs.map(async (program) => {
      await program.output('stdout', listening, 60_000);
      return program;
    }),
  );
  await Client.open(`ws://127.0.0.1:${port}`);
  // All others have seen the new holder by the time that they say so.
  const seen = standingBy(winner.pid);
  const others = programs.filter((program) => program !== winner);
  await Promise.all(others.map((program) => program.output('stderr', seen, 60_000)));
  expect(others.filter((program) => listening.test(program.stdout))).toEqual([]);
  takeovers++;
  return winner;
}

describe('--standby', () => {
  it('starts at once when the port is free', async () => {
    const program = standby(await freePort());

    await program.output('stdout', listening);
    expect(trouble(program.stderr)).toBe('');
  });

  it('takes over from a holder that is killed', async () => {
    const { program, port } = await startGateway(undefined, options);
    const standbys = await waiting(port, 1);

    program.signal('SIGKILL');

    await takenOver(standbys, port);
  });

  it('takes over from a holder that is stopped, whose clients were told first', async () => {
    const { program, port, url } = await startGateway(undefined, options);
    const standbys = await waiting(port, 1);
    const client = await Client.open(url);

    program.signal('SIGTERM');

    expect((await client.close()).code).toBe(1001);
    await takenOver(standbys, port);
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('takes over from a holder that exits in the middle of its work', async () => {
    const port = await freePort();
    const holder = Program.node(fixture('exiting-gateway'), [port]);
    await holder.output('stdout', listening);
    const standbys = await waiting(port, 1);

    await upgradeStatus(`ws://127.0.0.1:${port}`).catch(() => undefined);

    await takenOver(standbys, port);
    expect(await holder.exit()).toEqual({ code: 3, signal: null });
  });

  it('one of five takes over, round after round', async () => {
    const { program, port } = await startGateway(undefined, options);
    let standbys = await waiting(port, 5);
    let holder = program;

    while (standbys.length > 0) {
      holder.signal(standbys.length % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      await holder.exit();
      holder = await takenOver(standbys, port);
      standbys = standbys.filter((standby) => standby !== holder);
    }
  });

  it('one of twenty takes over', async () => {
    const { program, port } = await startGateway(undefined, options);
    const standbys = await waiting(port, 20);

    program.signal('SIGKILL');

    await takenOver(standbys, port);
  });

  it('waits for a stranger too', async () => {
    // It answers: to see through a silent one takes the time of the operating system, which a busy one has not.
    const port = await freePort();
    const server = await stranger({ port }, (socket) => socket.once('data', () => socket.end('220 ESMTP ready\r\n')));
    const [program] = await waiting(port, 1);
    expect(program?.stderr).toContain('not a gateway');

    server.close();

    await program?.output('stdout', listening);
  });

  it('asks a stranger now and then, and does not flood it', async () => {
    let connections = 0;
    let questions = 0;
    const asked = new Gate();
    const server = await stranger({}, (socket) => {
      connections++;
      socket.on('data', () => {
        socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
        if (++questions === 3) asked.open();
      });
    });
    standby(portOf(server));

    await within(30_000, 'three questions', asked.opened);

    // With each question a probe, and perhaps a second look.
    expect(connections).toBeLessThanOrEqual(2 * questions + 2);
  });

  it('takes over a wildcard address from a holder of another one', async () => {
    const { program, port } = await startGateway(undefined, options);
    const waiter = Program.node(BIN, ['gateway', '--port', port, '--host', '::', '--standby'], options);
    await waiter.output('stderr', /"message":"standing by for .* ready/);

    program.signal('SIGKILL');

    await waiter.output('stdout', listening);
  });

  it('reports a holder that freezes, and steals nothing from it', async () => {
    const { program, port, url } = await startGateway(undefined, options);
    const [waiter] = await waiting(port, 1);

    program.signal('SIGSTOP');

    // On a busy machine the system may not tell in time which process it is.
    await waiter?.output(
      'stderr',
      /standing by for .*: accepts connections but does not answer: (?:a gateway, pid \d+|the operating system does not)/,
    );
    program.signal('SIGCONT');
    await waiter?.output('stderr', /does not answer[^]*"message":"standing by for .*: gateway .*, ready, up/);
    expect(await (await Operator.open(url)).call('health')).toMatchObject({ ok: true, payload: { ok: true } });
    expect(waiter?.stdout).toBe('');
  });

  it('ends with 0 on SIGTERM while it waits, and holds nothing', async () => {
    const { program, port } = await startGateway(undefined, options);
    const [waiter] = await waiting(port, 1);

    waiter?.signal('SIGTERM');

    expect(await waiter?.exit()).toEqual({ code: 0, signal: null });
    program.signal('SIGTERM');
    await program.exit();
    expect(await isFree(port)).toBe(true);
  });
});

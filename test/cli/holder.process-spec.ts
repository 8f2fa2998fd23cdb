import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { stopHolder } from '../../src/holder/stop-holder.js';
import { startCardHolder } from '../holder/card-holder.js';
import { startGateway } from '../kit/gateway.js';
import { trouble } from '../kit/log.js';
import { Client, muteWebSocket, portOf, rawConnection, stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { decided, openclaw, parse } from '../kit/openclaw.js';
import { BIN, fixture, Program, ROOT } from '../kit/program.js';
import { copyOfProject } from '../kit/project.js';
import { canStartAnew } from '../kit/start-anew.js';
import { tempFolder } from '../kit/temp.js';
import { TOKEN } from '../kit/token.js';

/** A gateway whose named hook does not come to an end. */
async function hanging(hook: string): Promise<{ port: number; program: Program }> {
  const port = await freePort();
  const program = Program.node(fixture('hanging-hook'), [port, hook]);
  await program.output('stdout', hook === 'onApplicationBootstrap' ? /hanging/ : /^gateway listening/m);
  return { port, program };
}

describe('a refused start says who holds the port, and what to do', () => {
  it('a ready gateway: 78', async () => {
    const { port, program } = await startGateway();

    const { code, stderr } = await openclaw('--port', port);

    const [first, who, ...commands] = stderr.trimEnd().split('\n');
    expect(first).toBe(`another gateway instance is already listening on ws://127.0.0.1:${port}`);
    expect(who).toMatch(
      new RegExp(
        `^ {2}held by +gateway \\d+\\.\\d+\\.\\d+, profile default, pid ${program.pid}, ready, up \\d+ m?i?n?s$`,
      ),
    );
    expect(commands).toEqual([
      `  see it     openclaw gateway status --port ${port}`,
      `  stop it    openclaw gateway stop --port ${port}`,
      `  take over  openclaw gateway --port ${port} --force`,
    ]);
    expect(code).toBe(78);
  });

  it('a gateway that is starting: 75', async () => {
    const { port, program } = await hanging('onApplicationBootstrap');

    const { code, stderr } = await openclaw('--port', port);

    expect(stderr).toMatch(new RegExp(`held by .* pid ${program.pid}, starting, up`));
    expect(stderr).toContain(`openclaw gateway --port ${port} --standby`);
    expect(code).toBe(75);
  });

  it('a gateway that is draining: 75', async () => {
    const { port, program } = await hanging('onModuleDestroy');
    program.signal('SIGTERM');
    await program.output('stdout', /hanging/);

    const { code, stderr } = await openclaw('--port', port);

    expect(stderr).toMatch(new RegExp(`held by .* pid ${program.pid}, draining, up`));
    expect(code).toBe(75);
  });

  it('a frozen gateway: 75', async () => {
    const { port, program } = await startGateway();
    program.signal('SIGSTOP');

    const { code, stderr } = await openclaw('--port', port);

    expect(stderr).toMatch(
      new RegExp(`held by +accepts connections but does not answer: a gateway, pid ${program.pid}`),
    );
    expect(stderr).toContain(`kill -9 ${program.pid}`);
    expect(code).toBe(75);
  });

  it('a port on which no process listens: 75', async () => {
    // The local end of an outgoing connection is bound, and refuses connections.
    const socket = await rawConnection(portOf(await stranger()));

    const { code, stderr } = await openclaw('--port', socket.localPort ?? 0);

    expect(stderr).toMatch(/held by +bound, but nothing listens/);
    expect(code).toBe(75);
  });

  it('in one line of JSON for scripts', async () => {
    const { port, program } = await startGateway();

    const refused = await openclaw('--port', port, '--json');
    const failed = await openclaw('--port', port, '--host', '192.0.2.1', '--json');

    expect(refused.stderr).toBe('');
    expect(refused.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(parse(refused.stdout)).toMatchObject({
      ok: false,
      code: 'GATEWAY_ALREADY_LISTENING',
      verdict: 'ready',
      url: `ws://127.0.0.1:${port}`,
      holder: { card: { pid: program.pid, profile: 'default' }, owner: { pid: program.pid, isGateway: true } },
      exitCode: 78,
    });
    expect(refused.code).toBe(78);
    expect(failed.code).toBe(78);
    const elsewhere = await openclaw('--port', await freePort(), '--host', '192.0.2.1', '--json');
    expect(parse(elsewhere.stdout)).toMatchObject({
      code: 'GATEWAY_BIND_FAILED',
      message: expect.stringContaining('EADDRNOTAVAIL') as string,
      exitCode: 75,
    });
  });

  it('in plain text where colour is not wanted', async () => {
    const { port } = await startGateway();

    const { stderr } = await openclaw('--port', port);

    expect(stderr).not.toContain('\u001b');
  });
});

describe('--ensure', () => {
  it('is content with a ready gateway of this profile, in one line and with 0', async () => {
    const env = { OPENCLAW_STATE_DIR: tempFolder() };
    const { port, program } = await startGateway(undefined, { env });

    const ensured = Program.node(BIN, ['gateway', '--port', port, '--ensure'], { env });

    expect(await ensured.exit()).toEqual({ code: 0, signal: null });
    expect(ensured.stdout).toMatch(
      new RegExp(`^already there on ws://127.0.0.1:${port}: gateway .*, pid ${program.pid}, ready, up .*\n$`),
    );
    expect(ensured.stderr).toBe('');
  });

  it('says so in one line of JSON for scripts', async () => {
    const env = { OPENCLAW_STATE_DIR: tempFolder() };
    const { port, program } = await startGateway(undefined, { env });

    const ensured = Program.node(BIN, ['gateway', '--port', port, '--ensure', '--json'], { env });

    expect(await ensured.exit()).toEqual({ code: 0, signal: null });
    expect(parse(ensured.stdout)).toMatchObject({
      ok: true,
      verdict: 'ready',
      holder: { card: { pid: program.pid } },
      exitCode: 0,
    });
    expect(ensured.stderr).toBe('');
  });

  it('is not content with a gateway that has the same name and another state folder', async () => {
    const { port } = await startGateway();

    const { code, stderr } = await openclaw('--port', port, '--ensure');

    expect(stderr).toMatch(`another gateway instance is already listening on ws://127.0.0.1:${port}\n`);
    expect(code).toBe(78);
  });

  it('is not content with a gateway that is only starting', async () => {
    const { port } = await hanging('onApplicationBootstrap');

    expect((await openclaw('--port', port, '--ensure')).code).toBe(75);
  });

  it('starts one where there is none', async () => {
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port, '--ensure']);

    await program.output('stdout', /^gateway listening/m);
  });
});

describe('status', () => {
  it('0 for a ready gateway, with the same object as a refusal', async () => {
    const { port } = await startGateway();

    const [text, json, refusal] = await Promise.all([
      openclaw('status', '--port', port),
      openclaw('status', '--port', port, '--json'),
      openclaw('--port', port, '--json'),
    ]);

    expect(text.stdout).toMatch(
      new RegExp(`^Gateway is running on ws://127.0.0.1:${port} \\(ready\\)\n {2}held by +gateway `),
    );
    expect([text.code, json.code]).toEqual([0, 0]);
    const { code, message } = parse(refusal.stdout);
    expect({ ...parse(json.stdout), ok: false, code, message, exitCode: 78 }).toMatchObject(parse(refusal.stdout));
  });

  it('says what the gateway listens on, and with which files it runs', async () => {
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port, '--host', '0.0.0.0']);
    await program.output('stdout', /^gateway listening/m);
    const local = await startGateway();

    const open = await openclaw('status', '--port', port);
    const json = parse((await openclaw('status', '--port', local.port, '--json')).stdout);

    expect(open.stdout).toMatch(/^ {2}listens on {5}0\.0\.0\.0; OPEN to other machines$/m);
    expect(open.stdout).toMatch(/^ {2}connections {4}\d+$/m);
    expect(open.stdout).toMatch(/^ {2}profile {8}default, in \S+$/m);
    expect(open.stdout).toMatch(/^ {2}configuration {2}\S+openclaw\.json, which is not there$/m);
    expect(open.stdout).toMatch(/^ {2}token {10}from OPENCLAW_GATEWAY_TOKEN$/m);
    expect(open.stdout).toMatch(/^ {2}log {12}it runs in the foreground; its log /m);
    expect(open.stdout).not.toMatch(/see it|take over|is installed/);
    expect(json).toMatchObject({
      listening: ['127.0.0.1', '::1'],
      isOpenToNetwork: false,
      tokenFrom: 'OPENCLAW_GATEWAY_TOKEN',
      logFile: null,
      configuration: { exists: false, warnings: [] },
    });
  });

  it('asks the gateway at a url with its token, and says so where that is wrong', async () => {
    const { port, url } = await startGateway();

    const asked = await openclaw('status', '--url', url, '--token', TOKEN);
    const json = await openclaw('status', '--url', url, '--token', TOKEN, '--json');
    const wrong = await openclaw('status', '--url', url, '--token', 'another-token');

    expect(asked.stdout).toMatch(
      new RegExp(`^Gateway is running on ${url} \\(ready\\)\n {2}gateway +\\S+, profile default`),
    );
    expect(asked.stdout).toMatch(new RegExp(`^ {2}listens on  ws://127.0.0.1:${port}, `, 'm'));
    expect([asked.code, json.code, wrong.code]).toEqual([0, 0, 77]);
    expect(parse(json.stdout)).toMatchObject({ ok: true, url, live: { clients: 1, phase: 'ready' } });
    expect(wrong.stderr).toBe(
      `the gateway on ${url} rejected the token; pass the right one with --token or OPENCLAW_GATEWAY_TOKEN\n`,
    );
  });

  it('--watch looks again until it is stopped', async () => {
    const { port } = await startGateway();
    const watching = Program.node(BIN, ['gateway', 'status', '--port', port, '--json', '--watch']);

    await watching.output('stdout', /\n.*\n/);
    watching.signal('SIGINT');

    expect(await watching.exit()).toEqual({ code: 0, signal: null });
    for (const line of watching.stdout.trimEnd().split('\n')) expect(parse(line)).toMatchObject({ verdict: 'ready' });
  });

  it('3 for a free port', async () => {
    const port = await freePort();

    const [text, json] = await Promise.all([
      openclaw('status', '--port', port),
      openclaw('status', '--port', port, '--json'),
    ]);

    expect([text.code, text.stderr]).toEqual([3, '']);
    expect(text.stdout).toMatch(new RegExp(`^No gateway is running on ws://127.0.0.1:${port}\n {2}profile `));
    expect(text.stdout).toMatch(/\n {2}start it {7}openclaw gateway start --port \d+\n$/);
    expect(parse(json.stdout)).toMatchObject({
      listening: [],
      ok: false,
      code: null,
      message: null,
      verdict: 'free',
      url: `ws://127.0.0.1:${port}`,
      holder: null,
      exitCode: 3,
    });
  });

  it('75 for a gateway that does not answer', async () => {
    const { program, port } = await startGateway();
    program.signal('SIGSTOP');

    expect((await openclaw('status', '--port', port)).code).toBe(75);
  });

  it('--deep shows each address, its process, and the connections', async () => {
    const { port, program, url } = await startGateway();
    await Client.open(url);

    const { stdout } = await openclaw('--port', port, 'status', '--deep', '--json');

    expect(parse(stdout)['addresses']).toMatchObject([
      { url: `ws://127.0.0.1:${port}`, owner: { pid: program.pid }, established: 1 },
      { url: `ws://[::1]:${port}`, owner: { pid: program.pid }, established: 0 },
    ]);
    // The client that asks is the one that was let in.
    expect(parse(stdout)['live']).toMatchObject({ pid: program.pid, clients: 1 });
  });

  it('--deep does without what only a token shows', async () => {
    const { port } = await startGateway();

    const { code, stdout } = await openclaw('--port', port, 'status', '--deep', '--json', '--token', 'another-token');

    expect([code, parse(stdout)['live']]).toEqual([0, null]);
    expect(parse(stdout)['liveProblem']).toMatch(/ rejected the token; /);
  });

  it('takes no flag that it does not know', async () => {
    expect((await openclaw('status', '--depe')).code).toBe(64);
    expect((await openclaw('status', '--port', '0')).code).toBe(64);
  });
});

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
    const { port, program } = await hanging('onModuleDestroy');

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
    const { port, program } = await hanging('onModuleDestroy');
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
    const { port, program } = await hanging('onModuleDestroy');
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

describe('flags around a command', () => {
  it.each([
    [['stop', '--force'], "error: unknown option '--force' (see openclaw gateway stop --help)"],
    [['status', '--ensure'], "error: unknown option '--ensure' (see openclaw gateway status --help)"],
    [['--standby', 'stop'], '--standby is a flag of gateway alone: leave it out before stop'],
    [['--port', '1', 'stop', '--port', '2'], '--port stands before and after stop: give it once'],
  ])('%j is refused', async (args, line) => {
    const { code, stderr } = await openclaw(...args);

    expect([code, stderr.split('\n', 1)]).toEqual([64, [line]]);
  });
});

describe('the card', () => {
  it('is what runs, whatever becomes of the files that it came from', async () => {
    const folder = copyOfProject();
    cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
    const port = await freePort();
    const program = Program.node(join(folder, 'dist/bin/cli.cjs'), ['gateway', '--port', port]);
    await program.output('stdout', /^gateway listening/m);
    rmSync(join(folder, 'package.json'));

    const card = await fetch(`http://127.0.0.1:${port}/.well-known/gateway`);

    expect(await card.json()).toMatchObject({ pid: program.pid, version: expect.stringMatching(/^\d/) as string });
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
    const { port } = await hanging('onModuleDestroy');
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

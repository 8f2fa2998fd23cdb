import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { startGateway } from '../kit/gateway.js';
import { Client } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { decided, openclaw, parse, UNNAMED, UNOWNED, UNSEEN } from '../kit/openclaw.js';
import { BIN, Program, ROOT } from '../kit/program.js';
import { copyOfProject } from '../kit/project.js';
import { TOKEN } from '../kit/token.js';

describe('status', () => {
  it('0 for a ready gateway, with the same object as a refusal', async () => {
    const { port } = await startGateway();

    const [text, json, refusal] = await Promise.all([
      decided(() => openclaw('status', '--port', port), UNNAMED),
      decided(() => openclaw('status', '--port', port, '--json'), UNOWNED),
      decided(() => openclaw('--port', port, '--json'), UNOWNED),
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

    // First, since the gateway may count a client for a moment longer than the client is there.
    const json = await openclaw('status', '--url', url, '--token', TOKEN, '--json');
    const asked = await openclaw('status', '--url', url, '--token', TOKEN);
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

    const text = await decided(() => openclaw('status', '--port', port));
    const json = await decided(() => openclaw('status', '--port', port, '--json'));

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

    const { stdout } = await decided(() => openclaw('--port', port, 'status', '--deep', '--json'), UNSEEN);

    expect(parse(stdout)['addresses']).toMatchObject([
      { url: `ws://127.0.0.1:${port}`, owner: { pid: program.pid }, established: 1 },
      { url: `ws://[::1]:${port}`, owner: { pid: program.pid }, established: 0 },
    ]);
    // The client that asks is the one that was let in.
    expect(parse(stdout)['live']).toMatchObject({ pid: program.pid, clients: 1 });
  });

  it('--deep does without what only a token shows', async () => {
    const { port } = await startGateway();

    const { code, stdout } = await decided(
      () => openclaw('--port', port, 'status', '--deep', '--json', '--token', 'another-token'),
      /"ownership":"unknown"|no answer from/,
    );

    expect([code, parse(stdout)['live']]).toEqual([0, null]);
    expect(parse(stdout)['liveProblem']).toMatch(/ rejected the token; /);
  });

  it('takes no flag that it does not know', async () => {
    expect((await openclaw('status', '--depe')).code).toBe(64);
    expect((await openclaw('status', '--port', '0')).code).toBe(64);
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

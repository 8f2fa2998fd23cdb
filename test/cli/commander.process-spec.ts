import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { sharedByTests } from '../kit/cleaner.js';
import { canRunHere, runHere } from '../kit/command.js';
import { startGateway } from '../kit/gateway.js';
import { launchFolder } from '../kit/launched.js';
import { Operator } from '../kit/operator.js';
import { decided, parse } from '../kit/openclaw.js';
import { freePort } from '../kit/ports.js';
import { BIN, fixture, Program, type StartOptions } from '../kit/program.js';
import { tempFolder } from '../kit/temp.js';

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(script: string, args: readonly string[], options?: StartOptions): Promise<Outcome> {
  return Program.node(script, args, options).result();
}

const acme = fixture('commander-gateway');

/** What a verdict says that has run out of time; in JSON, a card without the process that has shown it. */
const UNDECIDED = /by its own account|does not answer|^(?=[^]*"card":)(?![^]*"owner":)/;

describe('the commands of a program of nest-commander', () => {
  const running = sharedByTests(() => startGateway());

  it.each([
    'gateway --port <port>',
    'gateway --port <port> --json',
    'gateway --ensure -vp <port>',
    'gateway --port=1 --port=<port>',
    'gateway --port <port> status',
    'gateway status --port <port> --json',
    'gateway stop --port <free>',
    'gateway call nonsense --port <port>',
    'gateway ports',
    'gateway --help',
    'gateway logs --help',
    'gateway --port 0x10',
    'gateway --host 0.0.0.0',
    'gateway --force=hard',
    'gateway --standby stop',
    'gateway --bogus',
    'gateway now',
    'gateway statsu',
    'gateway help status',
    'gateway run --port 0x10',
    'gateway doctor --help',
    'gateway open --help',
    'gateway logs --port 1',
  ])('say the same as those of openclaw: %s', async (line) => {
    const { port } = running();
    const free = await freePort();
    const args = line.replace('<port>', String(port)).replace('<free>', String(free)).split(' ');
    // Without a token, so that a public bind is refused.
    const HOME = tempFolder();
    const options = { env: line.includes('0.0.0.0') ? { HOME, OPENCLAW_GATEWAY_TOKEN: undefined } : { HOME } };

    const openclaw = (): Promise<Outcome> => (canRunHere(args) ? runHere(args, options.env) : run(BIN, args, options));
    const [ours, theirs] = await Promise.all([
      decided(openclaw, UNDECIDED),
      decided(() => run(acme, args, options), UNDECIDED),
    ]);

    const named = (text: string): string =>
      text
        .replaceAll(/\bup \d+ \w+(?: \d+ \w+)?/g, 'up')
        // One of them may see a connection of the other.
        .replaceAll(/\bconnections( +|":)\d+/g, 'connections$1N')
        .replaceAll('openclaw gateway', 'acme gateway')
        // Each program has a version of its own.
        .replaceAll(/^ {2}version .* is installed: restart it\n/gm, '')
        .replaceAll(/"installedVersion":"[\d.]+"/g, '');
    expect(ours.code).not.toBeNull();
    expect({ ...theirs, stderr: named(theirs.stderr), stdout: named(theirs.stdout) }).toEqual({
      code: ours.code,
      stderr: named(ours.stderr),
      stdout: named(ours.stdout),
    });
    expect(theirs.stdout + theirs.stderr).not.toContain('openclaw gateway');
  });

  it('run the gateway of that program, which they ask and stop', async () => {
    const port = String(await freePort());
    const program = Program.node(acme, ['gateway', '--port', port]);
    await program.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${port}$`, 'm'));

    const health = await run(acme, ['gateway', 'health', '--port', port]);
    const client = await Operator.open(`ws://127.0.0.1:${port}`);
    const stopped = await run(acme, ['gateway', 'stop', '--port', port]);

    expect([health.code, parse(health.stdout)]).toEqual([0, expect.objectContaining({ ok: true })]);
    expect((await client.close()).code).toBe(1001);
    expect([stopped.code, stopped.stdout]).toEqual([0, `stopped; port ${port} is free\n`]);
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('start it in the background', async () => {
    const port = String(await freePort());
    const options = { env: { OPENCLAW_STATE_DIR: launchFolder() } };

    const started = await run(acme, ['gateway', 'start', '--port', port, '--json'], options);

    expect(parse(started.stdout)).toMatchObject({ ok: true, started: true, url: `ws://127.0.0.1:${port}` });
    expect((await run(acme, ['gateway', 'stop', '--port', port], options)).code).toBe(0);
  });

  it('show the version of that program', async () => {
    expect(await run(acme, ['gateway', '--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });
});

describe('the script of the commands', () => {
  it('holds nothing of Nest, which only a gateway loads', () => {
    const text = (script: string): string => readFileSync(join(dirname(BIN), script), 'utf8');
    for (const script of ['cli.cjs', 'openclaw.cjs']) {
      expect(text(script)).not.toMatch(/node_modules\/(@nestjs|rxjs|nest-commander|ws)\//);
    }
    expect(text('load-nest.cjs')).toMatch(/node_modules\/@nestjs\//);
  });
});

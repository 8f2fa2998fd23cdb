import { BIN, fixture, Program } from '../kit/program.js';
import { inOwnNetwork, NO_NAMESPACES } from '../kit/namespace.js';
import { portOf, stranger } from '../kit/net.js';
import { LINUX } from '../kit/sockets.js';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const NO_PORT = 'could not ask: EADDRNOTAVAIL, this machine has no local port left to ask from';

/** How command lines end where a process with the title of a gateway listens, and no local port is left to ask it from. */
async function outcomes(...commandLines: string[]): Promise<Outcome[]> {
  const program = inOwnNetwork(fixture('no-local-port'), [BIN, ...commandLines]);
  const ends = new RegExp(`^(?:.*\n){${commandLines.length}}`);
  const [lines] = await program.output('stdout', ends);
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome);
}

const skipped = NO_NAMESPACES !== undefined && !process.env['CI'];
(skipped ? describe.skip : describe)(`where no local port is left${skipped ? ` (${NO_NAMESPACES})` : ''}`, () => {
  it('the commands say that they could not ask, and nothing of the holder: 75', async () => {
    const [status, json, stop, health, called] = await outcomes(
      'status --port PORT',
      'status --port PORT --json',
      'stop --port PORT',
      'health --port PORT',
      'health --port PORT --json',
    );

    expect(status?.stdout).toMatch(new RegExp(`^It is not known who holds ws://127.0.0.1:\\d+\n  ${NO_PORT}\n$`));
    expect(JSON.parse(json?.stdout ?? '')).toMatchObject({
      ok: false,
      verdict: 'unknown',
      holder: { verdict: 'unknown', errno: 'EADDRNOTAVAIL' },
      exitCode: 75,
    });
    expect(stop?.stdout).toMatch(/^not stopped: it is not known who holds the port; could not ask: EADDRNOTAVAIL, /);
    expect(health?.stderr).toMatch(new RegExp(`^ws://127.0.0.1:\\d+: ${NO_PORT}\n$`));
    expect(JSON.parse(called?.stdout ?? '')).toMatchObject({ ok: false, failure: 'unknown', exitCode: 75 });
    expect([status, json, stop, health, called].map((outcome) => outcome?.code)).toEqual([75, 75, 75, 75, 75]);
  });

  it('a refused start does not advise to end what it could not ask: 75', async () => {
    const [start] = await outcomes('--port PORT');

    const [first, ...details] = start?.stderr.trimEnd().split('\n') ?? [];
    expect(first).toMatch(/^another gateway instance is already listening on ws:\/\/127\.0\.0\.1:\d+$/);
    expect(details).toEqual([
      expect.stringContaining(`held by                    ${NO_PORT}`),
      expect.stringMatching(/take over when it is gone {2}openclaw gateway --port \d+ --standby$/),
    ]);
    expect(start?.code).toBe(75);
  });
});

(LINUX ? describe : describe.skip)('where no file descriptor is left', () => {
  it('a verdict says so, and nothing of the holder', async () => {
    const port = portOf(await stranger());
    const args = ['--nofile=1024:1024', process.execPath, fixture('no-descriptor'), String(port)];
    const program = Program.start('prlimit', args);

    const [line] = await program.output('stdout', /^\{.*\}$/m);

    expect(JSON.parse(line)).toEqual({
      verdict: 'unknown',
      errno: 'EMFILE',
      url: `ws://127.0.0.1:${port}`,
      ownership: 'unknown',
    });
  });
});

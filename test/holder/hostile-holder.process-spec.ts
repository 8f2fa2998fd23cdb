import { cardAnswer, httpAnswer } from './cards.js';
import { portOf, rawConnection, stranger } from '../kit/net.js';
import { decided, openclaw, parse, UNNAMED } from '../kit/openclaw.js';
import { fixture, Program } from '../kit/program.js';

interface Peer {
  readonly does: string;
  /** The arguments of `fixtures/hostile-holder.ts`. */
  readonly script: readonly string[];
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CARD = cardAnswer();
/** After its first byte, so that this much has been said at once. */
const BODY_AT = CARD.indexOf('{') + 1;
const GIGABYTE = `${OK}Content-Length: ${2 ** 30}\r\n\r\n`;
/** What fits into the buffers of the kernel, for the probe and for one question or two. */
const MOST_BYTES = 16 * 1024 * 1024;

const FLOODS: readonly Peer[] = [
  { does: 'sends a body of a gigabyte', script: ['flood', GIGABYTE, 'x'] },
  { does: 'sends headers without end', script: ['flood', OK, 'X-Filler: x\r\n'] },
];

const PEERS: readonly Peer[] = [
  { does: 'accepts and says nothing', script: ['silence'] },
  { does: 'hangs up at once', script: ['hang up'] },
  { does: 'drips a status line, a byte in a second', script: ['drip', 'H', OK.slice(1)] },
  { does: 'drips a card, a byte in a second', script: ['drip', CARD.slice(0, BODY_AT), CARD.slice(BODY_AT)] },
  { does: 'answers everything with 200 and HTML', script: ['say', httpAnswer('<h1>hello</h1>')] },
  { does: 'shows the card of another process', script: ['say', cardAnswer({ pid: process.pid })] },
  { does: 'answers what is not HTTP', script: ['say', 'SSH-2.0-OpenSSH_9.6\r\n'] },
  // It hangs up before any certificate would be shown, and so needs none.
  { does: 'speaks TLS', script: ['tls'] },
  ...FLOODS,
];

interface HostileHolder {
  readonly program: Program;
  readonly port: number;
}

async function startHostile(script: readonly string[]): Promise<HostileHolder> {
  const program = Program.node(fixture('hostile-holder'), [0, ...script], { stdin: true });
  const [port] = await program.output('stdout', /^\d+$/m);
  return { program, port: Number(port) };
}

/** What it has written to each of its visitors, who have gone. */
async function bytesWritten({ program }: HostileHolder): Promise<readonly number[]> {
  program.type('how much?\n');
  const [line] = await program.output('stdout', /^\[.*\]$/m);
  return JSON.parse(line) as number[];
}

/** It is there, still listens, and answers. */
async function expectUnharmed(holder: HostileHolder): Promise<void> {
  (await rawConnection(holder.port)).destroy();
  await bytesWritten(holder);
}

/** Without the number of the process: on a machine that is busy, who it is may not be found in the time of a verdict. */
const NOT_STOPPED = /^not stopped: port \d+ is in use by another program[:;] /;

describe.each(PEERS)('a holder that $does', ({ script }) => {
  it('refuses a start: 69', async () => {
    const { port } = await startHostile(script);

    const { code, stdout, stderr } = await decided(() => openclaw('--port', port));

    const [first, who] = stderr.split('\n');
    expect(first).toBe(`another gateway instance is already listening on ws://127.0.0.1:${port}`);
    expect(who).toMatch(/^ {2}port \d+ is in use by another program[:;] /);
    expect([code, stdout]).toEqual([69, '']);
  });

  it('is foreign, to a start and to status', async () => {
    const { port } = await startHostile(script);
    const url = `ws://127.0.0.1:${port}`;
    const foreign = { ok: false, verdict: 'foreign', url, holder: { verdict: 'foreign', url }, exitCode: 69 };

    const start = await decided(() => openclaw('--port', port, '--json'));
    const status = await decided(() => openclaw('status', '--port', port, '--json'));

    expect([start.code, status.code]).toEqual([69, 69]);
    expect(parse(start.stdout)).toMatchObject({ ...foreign, code: 'GATEWAY_ALREADY_LISTENING' });
    expect(parse(status.stdout)).toMatchObject(foreign);
    expect(parse(start.stdout)['holder']).not.toHaveProperty('card');
  });

  it('is not enough for --ensure, and lives on after that, stop and --force=kill', async () => {
    const holder = await startHostile(script);
    const { port } = holder;

    const ensure = await decided(() => openclaw('--port', port, '--ensure'));
    const stop = await decided(() => openclaw('stop', '--port', port));
    const force = await decided(() => openclaw('--port', port, '--force=kill'));

    expect([ensure.code, stop.code, force.code]).toEqual([69, 69, 69]);
    expect(stop.stdout).toMatch(NOT_STOPPED);
    expect(force.stderr).toMatch(NOT_STOPPED);
    await expectUnharmed(holder);
  });
});

describe('a holder that answers everything', () => {
  it('is named, with what to do', async () => {
    const { port, program } = await startHostile(['say', httpAnswer('<h1>hello</h1>')]);

    const { stderr } = await decided(() => openclaw('--port', port), UNNAMED);

    const [, who, ...commands] = stderr.trimEnd().split('\n');
    expect(who).toMatch(new RegExp(`^ {2}port \\d+ is in use by another program: .* \\(pid ${program.pid}, user `));
    expect(commands).toEqual([
      `  see it            ps -fp ${program.pid}`,
      '  use another port  openclaw gateway --port <port>',
    ]);
  });
});

describe.each(FLOODS)('a holder that $does', ({ script }) => {
  it('is not read to the end', async () => {
    const holder = await startHostile(script);

    await openclaw('--port', holder.port);

    const bytes = await bytesWritten(holder);
    expect(Math.max(...bytes)).toBeGreaterThan(0);
    expect(bytes.reduce((sum, count) => sum + count)).toBeLessThan(MOST_BYTES);
  });
});

describe('a holder that redirects to a gateway', () => {
  it('is a stranger, and the redirect is not followed', async () => {
    let visits = 0;
    let pid = 0;
    // If it were asked, its answer would be believed: the card is that of the process that redirects.
    const target = await stranger({}, (socket) => {
      visits++;
      socket.end(cardAnswer({ pid }));
    });
    const headers = `Location: http://127.0.0.1:${portOf(target)}/.well-known/gateway\r\n`;
    const { port, program } = await startHostile(['say', httpAnswer('', { status: '302 Found', headers })]);
    pid = program.pid;

    const start = await openclaw('--port', port, '--json');
    const stop = await openclaw('stop', '--port', port);

    expect(parse(start.stdout)).toMatchObject({ verdict: 'foreign', exitCode: 69 });
    expect([start.code, stop.code]).toEqual([69, 69]);
    expect(visits).toBe(0);
  });
});

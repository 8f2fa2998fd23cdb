import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { freePort, isFree } from '../kit/ports.js';
import { decided, openclaw, parse, UNNAMED, UNOWNED, type Result } from '../kit/openclaw.js';
import { BIN, fixture, Program } from '../kit/program.js';
import { serveOn, startOn } from '../kit/profile.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

/** A process with the title of a gateway, and no card. */
async function titled(manner: string, ...args: string[]): Promise<{ program: Program; port: number }> {
  const program = Program.node(fixture('titled-holder'), [manner, ...args]);
  const [port] = await program.output('stdout', /^\d+$/m);
  return { program, port: Number(port) };
}

// Elsewhere the operating system does not tell the title of a process soon enough, or at all.
(LINUX ? describe : describe.skip).each(['hang up', 'reset'])('a gateway whose connections %s unanswered', (manner) => {
  it('is one that does not answer: 75', async () => {
    const { program, port } = await titled(manner);

    const [start, status, stop, health] = [
      await decided(() => openclaw('--port', port), UNNAMED),
      await decided(() => openclaw('status', '--port', port, '--json'), UNOWNED),
      await decided(() => openclaw('stop', '--port', port), UNNAMED),
      // What hangs up is taken for no gateway where its process is not found.
      await decided(() => openclaw('health', '--port', port), /does not speak as a gateway does/),
    ];

    expect(start.stderr).toContain(`does not answer: a gateway, pid ${program.pid}, user `);
    expect(parse(status.stdout)).toMatchObject({ verdict: 'stalled', exitCode: 75 });
    expect(stop.stdout).toContain(`does not answer: a gateway, pid ${program.pid}, user `);
    expect(health.stderr).toMatch(/^the gateway on ws:\S+ hangs up: it may have no file descriptor left\n$/);
    expect([start, status, stop, health].map(({ code }) => code)).toEqual([75, 75, 75, 75]);
  });
});

(LINUX ? describe : describe.skip)('OpenClaw itself on the port', () => {
  it('is named, with its own command: 69', async () => {
    const { program, port } = await titled('page');

    const start = await decided(() => openclaw('--port', port), UNNAMED);
    const stop = await decided(() => openclaw('stop', '--port', port), UNNAMED);

    const [first, ...details] = start.stderr.trimEnd().split('\n');
    expect(first).toBe(`another gateway instance is already listening on ws://127.0.0.1:${port}`);
    expect(details).toEqual([
      expect.stringMatching(new RegExp(`^ {2}port ${port} is in use by OpenClaw \\(pid ${program.pid}, user \\S+\\)$`)),
      `  see it            ps -fp ${program.pid}`,
      "  stop it           openclaw gateway stop, with OpenClaw's own command",
      '  use another port  openclaw gateway --port <port>',
    ]);
    expect(stop.stdout).toMatch(
      /^not stopped: it is OpenClaw, which only its own command stops: openclaw gateway stop; /,
    );
    expect([start.code, stop.code]).toEqual([69, 69]);
  });
});

(LINUX ? describe : describe.skip)('a state folder that OpenClaw runs in', () => {
  it('is refused while it runs, with its pid and port, and not after', async () => {
    const folder = tempFolder();
    const { program, port: taken } = await titled('page', folder);

    const refused = await startOn(folder);

    expect(await refused.program.exit()).toEqual({ code: 69, signal: null });
    const [first, second] = refused.program.stderr.split('\n');
    expect(first).toBe(`another gateway instance is already using profile default (ws://127.0.0.1:${taken})`);
    expect(second).toBe(`  profile default is in use by OpenClaw (pid ${program.pid})`);
    expect(await isFree(refused.port)).toBe(true);

    program.signal('SIGKILL');
    await program.exit();
    await serveOn(folder);
  });

  it('is taken over by a standby when it goes, which leaves its own port alone meanwhile', async () => {
    const folder = tempFolder();
    const { program } = await titled('page', folder);
    const waiter = await startOn(folder, ['--standby']);
    await waiter.program.output('stderr', /"message":"standing by for ws:\S+: OpenClaw, pid \d+"\}$/m);
    expect(await isFree(waiter.port)).toBe(true);

    program.signal('SIGTERM');

    await waiter.program.output('stdout', /^gateway listening on /m);
  });

  it('is not kept by a lock whose process is another one by now', async () => {
    const folder = tempFolder();
    await titled('page', folder, 'another');

    await serveOn(folder);
  });

  it.each(['{', '[]', '{"pid":"1"}', '{"pid":-1}', 'null'])('is not kept by a lock that says %s', async (text) => {
    const folder = tempFolder();
    const locks = join(folder, 'tmp', `openclaw-${String(process.getuid?.())}`);
    mkdirSync(locks, { recursive: true });
    writeFileSync(join(locks, 'gateway.state.lock'), text);

    await serveOn(folder);
  });
});

describe('an inspector that was opened on the port by NODE_OPTIONS', () => {
  it('is named as such', async () => {
    const port = await freePort();
    const env = { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` };

    const start = (): Promise<Result> => Program.node(BIN, ['gateway', '--port', port], { env }).result();
    const { stderr } = await decided(start, UNNAMED);

    expect(stderr.trimEnd().split('\n').slice(-3)).toEqual([
      `  this process's own inspector (NODE_OPTIONS=--inspect…) holds port ${port}`,
      '  free it           unset NODE_OPTIONS, or give --inspect another port',
      '  use another port  openclaw gateway --port <port>',
    ]);
  });
});

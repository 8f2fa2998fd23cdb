import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { within } from '../kit/deadline.js';
import { Client } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { Operator } from '../kit/operator.js';
import { Program, ROOT } from '../kit/program.js';
import { copyOfProject } from '../kit/project.js';

/** Compiling may come first. Milliseconds. */
const START_DEADLINE_MS = 60_000;
/** What the compiler says. */
const COMPILING = /SWC.*Running/;

async function npmStart(cwd: string, port: number): Promise<{ program: Program; client: Operator }> {
  const env = { OPENCLAW_GATEWAY_PORT: String(port) };
  const program = Program.start('npm', ['start'], { cwd, env, group: true });
  await program.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${port}$`, 'm'), START_DEADLINE_MS);
  return { program, client: await Operator.open(`ws://127.0.0.1:${port}`) };
}

describe('npm start', () => {
  it('serves; a second one shows the refusal and ends nonzero; SIGTERM leaves no orphan', async () => {
    const cwd = copyOfProject('dist');
    const port = await freePort();
    const { program, client } = await npmStart(cwd, port);

    const second = Program.start('npm', ['start'], { cwd, env: { OPENCLAW_GATEWAY_PORT: String(port) }, group: true });
    const { code } = await second.exit(START_DEADLINE_MS);

    expect(program.stdout).not.toMatch(COMPILING);
    expect(second.stderr).toContain(`another gateway instance is already listening on ws://127.0.0.1:${port}\n`);
    expect(code).not.toBe(0);
    expect(await client.call('health')).toMatchObject({ ok: true, payload: { ok: true } });

    // To npm alone: what stands between has to pass it on.
    program.signal('SIGTERM');

    expect((await client.close()).code).toBe(1001);
    await program.exit();
    expect(await isFree(port)).toBe(true);
  });

  it('stops in order when npm is killed, which passes nothing on', async () => {
    const port = await freePort();
    const { program, client } = await npmStart(copyOfProject('dist'), port);

    program.signal('SIGKILL');

    expect((await client.close()).code).toBe(1001);
    // The gateway has the output of npm, whose end is that of both.
    await program.exit();
    expect(await isFree(port)).toBe(true);
  });

  it('compiles what is not built, or not as it is now', async () => {
    const cwd = copyOfProject('dist');
    const main = join(cwd, 'src/main.ts');
    writeFileSync(main, `${readFileSync(main, 'utf8')}\nthrow new Error('as it is now');\n`);

    const edited = Program.start('npm', ['start'], { cwd, group: true });
    await edited.exit(START_DEADLINE_MS);
    cpSync(join(ROOT, 'src/main.ts'), main);
    const takenBack = Program.start('npm', ['start'], { cwd, env: { OPENCLAW_GATEWAY_PORT: '' }, group: true });
    await takenBack.exit(START_DEADLINE_MS);

    expect(edited.stdout).toMatch(COMPILING);
    expect(edited.stderr).toContain('as it is now');
    expect(takenBack.stdout).toMatch(COMPILING);
    expect(takenBack.stderr).toContain('OPENCLAW_GATEWAY_PORT: "" is not a port');
  });

  it('reads the .env of the project, and names it when a value in it is wrong', async () => {
    const cwd = copyOfProject('dist');
    const port = await freePort();
    writeFileSync(join(cwd, '.env'), `OPENCLAW_GATEWAY_PORT=${port}\n`);
    const program = Program.start('npm', ['start'], { cwd, group: true });
    await program.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${port}$`, 'm'), START_DEADLINE_MS);
    program.signal('SIGTERM');
    await program.exit();

    writeFileSync(join(cwd, '.env'), 'OPENCLAW_GATEWAY_PORT=\n');
    const wrong = Program.start('npm', ['start'], { cwd, group: true });
    const { code } = await wrong.exit(START_DEADLINE_MS);

    expect(wrong.stderr).toContain('OPENCLAW_GATEWAY_PORT in .env: "" is not a port; give a whole number');
    expect(code).not.toBe(0);
  });

  it('in a terminal, Ctrl-C is one orderly stop', async () => {
    const cwd = copyOfProject('dist');
    const port = await freePort();
    // script(1) gives it a terminal of its own, and passes on what is typed; its size would be zero.
    const command = 'stty cols 80 rows 24 && exec npm start';
    const terminal = Program.start('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
      cwd,
      env: { OPENCLAW_GATEWAY_PORT: String(port) },
      group: true,
      stdin: true,
    });
    await terminal.output('stdout', new RegExp(`gateway listening on ws://127.0.0.1:${port}`), START_DEADLINE_MS);
    const client = await Client.open(`ws://127.0.0.1:${port}`);

    terminal.type('\x03');

    expect((await client.close()).code).toBe(1001);
    await within(10_000, 'the end of the terminal', terminal.exit());
    expect(await isFree(port)).toBe(true);
  });
});

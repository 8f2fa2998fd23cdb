import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { LaunchHistory } from '../../src/launcher/launch-history.js';
import { until } from '../kit/deadline.js';
import { Program, ROOT } from '../kit/program.js';
import { tempFolder } from '../kit/temp.js';

/** More than a log may have. */
const LARGE = 'x'.repeat(11 * 1024 * 1024);

/** Serves as a gateway in the background does, and ends when it is told how. */
const GATEWAY = `
  const { serveDetached } = await import(process.argv[1]);
  serveDetached(process.env.OPENCLAW_STATE_DIR);
  console.log(Object.keys(process.env).filter((name) => name === 'OPENCLAW_LAUNCHED_LOG').length + ' left');
  process.stdin.once('data', (code) => process.exit(Number(code)));
`;

interface Detached {
  readonly folder: string;
  readonly program: Program;
}

async function detached({ log = '', variable = '1' } = {}): Promise<Detached> {
  const folder = tempFolder();
  writeFileSync(join(folder, 'gateway.log'), log);
  const script = join(ROOT, 'dist/launcher/serve-detached.js');
  const program = Program.start(process.execPath, ['--input-type=module', '--eval', GATEWAY, script], {
    env: { OPENCLAW_LAUNCHED_LOG: variable, OPENCLAW_STATE_DIR: folder },
    stdin: true,
  });
  await program.output('stdout', /left/);
  return { folder, program };
}

async function end(program: Program, code: number): Promise<void> {
  program.type(`${code}\n`);
  expect(await program.exit()).toEqual({ code, signal: null });
}

describe('a gateway in the background', () => {
  it('notes that it has ended in order', async () => {
    const { folder, program } = await detached();
    LaunchHistory.read(folder).started(program.pid);

    await end(program, 0);

    expect(LaunchHistory.read(folder).launched).toBeUndefined();
  });

  it('notes nothing when it fails, so that the next launcher finds a death', async () => {
    const { folder, program } = await detached();
    LaunchHistory.read(folder).started(program.pid);

    await end(program, 1);

    expect(LaunchHistory.read(folder).launched).toMatchObject({ pid: program.pid });
  });

  it('leaves alone what is noted of the one that came after it', async () => {
    const { folder, program } = await detached();
    LaunchHistory.read(folder).started(process.pid);

    await end(program, 0);

    expect(LaunchHistory.read(folder).launched).toMatchObject({ pid: process.pid });
  });

  it('rotates the log of its state folder, and no file that the variable names', async () => {
    const precious = join(tempFolder(), 'precious');
    writeFileSync(precious, LARGE);
    const { folder } = await detached({ log: LARGE, variable: precious });

    await until(30_000, 'the rotation of the log', () => existsSync(join(folder, 'gateway.log.1')));

    expect(readdirSync(dirname(precious))).toEqual(['precious']);
    expect(statSync(precious).size).toBe(LARGE.length);
  });

  it('does not take what it starts for gateways of its launcher', async () => {
    const { program } = await detached();

    expect(program.stdout).toBe('0 left\n');
  });
});

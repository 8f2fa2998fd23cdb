import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isAlive } from '../../src/common/process-files.js';
import { onCleanUp } from '../kit/cleaner.js';
import { until } from '../kit/deadline.js';
import { freePort, isFree } from '../kit/ports.js';
import { BIN, Program } from '../kit/program.js';
import { tempFolder } from '../kit/temp.js';

const DEADLINE_MS = 60_000;
/** A start takes a tenth of a second, and many seconds beside busy processes. */
const ASK_MS = 5_000;

interface Supervisor {
  readonly name: string;
  /** Programs of it that have to be there. */
  readonly needs: readonly string[];
  /** Writes what it is told by into the folder. */
  readonly write: (folder: string, gateway: string) => void;
  readonly run: (folder: string, gateway: string) => readonly [string, ...string[]];
  readonly restart?: (folder: string) => readonly [string, ...string[]];
  /** Why a hand-over is refused. */
  readonly refusal: string;
}

const script = (folder: string, gateway: string): void => {
  writeFileSync(join(folder, 'run'), `#!/bin/sh\nexec ${gateway} 2>&1\n`, { mode: 0o755 });
};
const beside = (name: string, command: string): string =>
  `--handover: this gateway runs under ${name}, which would start another beside it: use ${command}\n`;

const SUPERVISORS: readonly Supervisor[] = [
  {
    name: 's6',
    needs: ['s6-supervise', 's6-svc'],
    write: script,
    run: (folder) => ['s6-supervise', folder],
    restart: (folder) => ['s6-svc', '-r', folder],
    refusal: beside('s6', 's6-svc -r'),
  },
  {
    name: 'runit',
    needs: ['runsv', 'sv'],
    write: script,
    run: (folder) => ['runsv', folder],
    restart: (folder) => ['sv', '-w', '60', 'restart', folder],
    refusal: beside('runit', 'sv restart'),
  },
  {
    name: 'supervisord',
    needs: ['supervisord', 'supervisorctl'],
    write: (folder, gateway) =>
      writeFileSync(
        join(folder, 'conf'),
        `[unix_http_server]
file=${folder}/socket
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=${folder}/pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${folder}/socket
[program:gateway]
command=${gateway}
stopsignal=TERM
stopwaitsecs=10
autorestart=unexpected
exitcodes=0,64,69,71,77,78
`,
      ),
    run: (folder) => ['supervisord', '-c', join(folder, 'conf')],
    restart: (folder) => ['supervisorctl', '-c', join(folder, 'conf'), 'restart', 'gateway'],
    refusal: beside('supervisord', 'supervisorctl restart'),
  },
  {
    name: 'tini',
    needs: ['tini'],
    write: () => undefined,
    run: (_folder, gateway) => ['tini', '-s', '--', ...gateway.split(' ')],
    refusal: '--handover: this gateway was started neither by systemd with Type=notify nor by start: use restart\n',
  },
];

/** Demanded with OPENCLAW_TEST_REQUIRE=supervisors, where a test that is skipped would be a failure unseen. */
const areRequired = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('supervisors');

for (const supervisor of SUPERVISORS) {
  const missing = supervisor.needs.find((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  if (missing !== undefined && areRequired) throw new Error(`${missing} is not installed`);
  const run = missing === undefined ? it : it.skip;
  const reason = missing === undefined ? '' : ` (${missing} is not installed)`;
  run(`under ${supervisor.name} a gateway hands nothing over, and there is one after a crash${reason}`, async () => {
    const { port, control, crash } = await supervised(supervisor);
    const first = await pidOn(port);

    const refused = await gateway('restart', '--handover', '--port', port);
    expect(refused).toMatchObject({ code: 64, stderr: supervisor.refusal });
    expect(await pidOn(port)).toBe(first);

    crash(first);
    if (!control) {
      await until(DEADLINE_MS, 'a free port', () => isFree(port));
      return;
    }
    const second = await pidOn(port, first);
    const [command, ...args] = control;
    await Program.start(command, args).exit();
    const third = await pidOn(port, second);

    expect([first, second, third].map(isAlive)).toEqual([false, false, true]);
    expect(new Set([first, second, third]).size).toBe(3);
  });
}

const state = { folder: '' };

async function gateway(...args: readonly (string | number)[]): Promise<{ code: number | null; stderr: string }> {
  const program = Program.start(process.execPath, [BIN, 'gateway', ...args.map(String)], { env: variables() });
  const { code } = await program.exit();
  return { code, stderr: program.stderr };
}

function variables(): NodeJS.ProcessEnv {
  return { OPENCLAW_STATE_DIR: state.folder };
}

async function supervised({ write, run, restart }: Supervisor): Promise<{
  readonly port: number;
  readonly control: readonly [string, ...string[]] | undefined;
  readonly crash: (pid: number) => void;
}> {
  state.folder = tempFolder();
  const folder = join(tempFolder(), 'gateway');
  mkdirSync(folder);
  const port = await freePort();
  const command = `${process.execPath} ${BIN} gateway --port=${port}`;
  write(folder, command);
  const [program, ...args] = run(folder, command);
  const supervisor = Program.start(program, args, { env: variables() });
  onCleanUp(async () => {
    // With SIGKILL it would leave the gateway behind.
    supervisor.signal('SIGTERM');
    await supervisor.exited;
  });
  return { port, control: restart?.(folder), crash: (pid) => void process.kill(pid, 'SIGKILL') };
}

/** The process ID on the card of the gateway, once it is ready and another one than before. */
async function pidOn(port: number, before?: number): Promise<number> {
  let pid: number | undefined;
  await until(DEADLINE_MS, `a gateway on port ${port}`, async () => {
    try {
      const signal = AbortSignal.timeout(ASK_MS);
      const answer = await fetch(`http://127.0.0.1:${port}/.well-known/gateway`, { signal });
      const card = (await answer.json()) as { readonly pid: number; readonly phase: string };
      if (card.phase !== 'ready' || card.pid === before) return false;
      pid = card.pid;
      return true;
    } catch {
      return false;
    }
  });
  return pid ?? 0;
}

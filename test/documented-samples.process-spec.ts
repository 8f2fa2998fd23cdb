import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, upgradeStatus } from './kit/net.js';
import { freePort, isFree } from './kit/ports.js';
import { Program, ROOT } from './kit/program.js';
import { samplesOf, type Sample } from './kit/samples.js';
import { compile, makeProject, writeSample } from './kit/user-project.js';

/** The compiler reads all of Nest: seconds, and minutes beside busy processes. */
const COMPILED_MS = 300_000;

/** A running sample. */
interface Running {
  readonly program: Program;
  readonly url: string;
  readonly port: number;
  /** The port of what is started beside the gateway. */
  readonly otherPort: number;
}

/** What is particular to a recipe of docs/nest.md, by its heading. */
const RECIPES: Readonly<Record<string, (running: Running) => Promise<void>>> = {
  Starting: echoes,
  Configuration: echoes,
  'Logging with pino': async ({ program, url }) => {
    await program.output('stderr', /^\{"level":30,.*"context":"NestApplication","msg":"Nest application successfully/m);
    await echoes({ url });
  },
  Fastify: async ({ url }) => {
    const answer = await fetch(httpOf(url));
    expect([answer.status, answer.headers.get('x-powered-by')]).toEqual([404, null]);
    await echoes({ url });
  },
  'Hybrid apps': async ({ url, otherPort }) => {
    const socket = connect(otherPort, '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.destroy();
    await echoes({ url });
  },
  'CORS and dev servers': async ({ program, url }) => {
    const [known, unknown] = ['http://localhost:5173', 'http://localhost:5174'];
    const preflight = await fetch(httpOf(url), { method: 'OPTIONS', headers: { origin: known } });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, known]);
    expect(await upgradeStatus(url, { origin: known })).toBe(101);
    expect(await upgradeStatus(url, { origin: unknown })).toBe(403);
    await program.output('stdout', /: origin not allowed: \S+:5174 \(callers\.origins, or --allow-origin, would/);
  },
  'Behind a proxy': async ({ url }) => {
    const headers = { host: 'gateway.example' };
    expect(await upgradeStatus(url, { headers, origin: 'https://gateway.example' })).toBe(101);
    expect(await upgradeStatus(url, { headers: { host: 'other.example' } })).toBe(403);
  },
  'Several gateway classes': async ({ url }) => {
    const admin = await Client.open(`${url}/admin`);
    expect(await admin.ask('uptime')).toEqual({ event: 'uptime', data: expect.any(Number) as number });
    await echoes({ url });
  },
  Broadcasting: async ({ url }) => {
    const clients = [await Client.open(url), await Client.open(url)];
    clients[0]?.send({ event: 'say', data: 'hello' });
    for (const client of clients) expect(await client.next()).toEqual({ event: 'news', data: 'hello' });
  },
  'A message format of your own': async ({ url }) => {
    const client = await Client.open(url);
    client.send('what is this?');
    client.send('say hello');
    expect(await client.next()).toEqual({ event: 'said', data: 'hello' });
  },
  'Guards, pipes, interceptors, filters, and rate limits': async ({ url }) => {
    const [hasty, other] = [await Client.open(url), await Client.open(url)];
    for (let n = 1; n <= 11; n++) hasty.send({ event: 'say', data: n });
    const isRefusal = (message: unknown): message is object => (message as { event: unknown }).event === 'exception';
    expect(await hasty.take(isRefusal)).toMatchObject({ data: { message: 'too many messages: try again later' } });
    for (let n = 1; n <= 10; n++) expect(await hasty.next()).toEqual({ event: 'said', data: n });
    expect(await other.ask('say', 'calm')).toEqual({ event: 'said', data: 'calm' });
  },
};

async function echoes({ url }: Pick<Running, 'url'>): Promise<void> {
  const client = await Client.open(url);
  expect(await client.ask('say', 'hello')).toEqual({ event: 'said', data: 'hello' });
}

function httpOf(url: string): string {
  return url.replace(/^ws:/, 'http:');
}

const APP = 'Use it in your own Nest app';

/** One project with all samples in it, so that the compiler reads what they import once. */
let project = '';
const readme = samplesOf('README.md').get(APP) ?? new Map<string, string>();
const recipes = samplesOf('docs/nest.md');
// It takes a project of `nest new`: test/nest-new.process-spec.ts.
recipes.delete('Bundling');
const specs = samplesOf('docs/testing.md');

/** The name of a folder for a recipe. */
const folderOf = (heading: string): string => heading.toLowerCase().replace(/\W+/g, '-');

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'openclaw-samples-'));
  makeProject(project);
  writeSample(join(project, 'readme'), readme);
  for (const [heading, sample] of recipes) writeSample(join(project, folderOf(heading)), merged(readme, sample));
  writeSample(join(project, 'testing'), merged(readme, ...specs.values()));
  await compile(project);
}, COMPILED_MS);

afterAll(() => rmSync(project, { recursive: true, force: true }));

function merged(...samples: readonly Sample[]): Sample {
  return new Map(samples.flatMap((sample) => [...sample]));
}

/** Runs a compiled sample until it serves. Its ports are the only thing that is not as it is written. */
async function run(name: string): Promise<Running> {
  const [port, otherPort] = [await freePort(), await freePort()];
  const folder = join(project, 'dist', name, 'src');
  for (const file of readdirSync(folder)) {
    const code = readFileSync(join(folder, file), 'utf8');
    writeFileSync(join(folder, file), code.replaceAll('18789', String(port)).replaceAll('4000', String(otherPort)));
  }
  const program = Program.node(join(folder, 'main.js'));
  await program.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${port}$`, 'm'));
  return { program, port, otherPort, url: `ws://127.0.0.1:${port}` };
}

describe('the sample of the README', () => {
  it('runs as it is written, and once', async () => {
    const { program, port, url } = await run('readme');
    await echoes({ url });
    const second = Program.node(join(project, 'dist/readme/src/main.js'));

    expect(await second.exit()).toEqual({ code: 78, signal: null });
    program.signal('SIGTERM');
    expect(await program.exit()).toEqual({ code: 0, signal: null });
    expect(await isFree(port)).toBe(true);
  });
});

describe('the recipes of docs/nest.md', () => {
  it('are those that are run here', () => {
    expect([...recipes.keys()].sort()).toEqual(Object.keys(RECIPES).sort());
  });

  it.each(Object.entries(RECIPES))('%s', async (heading, check) => {
    const running = await run(folderOf(heading));

    await check(running);

    running.program.signal('SIGTERM');
    expect(await running.program.exit()).toEqual({ code: 0, signal: null });
  });
});

describe('the samples of docs/testing.md', () => {
  it(
    'pass, by Jest with the settings that are there',
    async () => {
      const folder = join(project, 'testing');
      const jest = Program.node(join(ROOT, 'node_modules/jest/bin/jest.js'), ['--ci', '--rootDir', folder], {
        cwd: folder,
      });

      const { code } = await jest.exit(COMPILED_MS);

      expect([code, jest.stderr]).toEqual([0, expect.stringMatching(/^Tests: +5 passed, 5 total$/m) as string]);
    },
    COMPILED_MS,
  );
});

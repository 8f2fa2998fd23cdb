import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { MODULE_TYPES, NestProjects, type ModuleType } from './kit/nest-new.js';
import { bin, succeed } from './kit/npm.js';
import { freePort, isFree } from './kit/ports.js';
import { Program, ROOT } from './kit/program.js';
import { RawPeer } from './kit/raw-peer.js';
import { samplesOf, type Sample } from './kit/samples.js';
import { tempFolder } from './kit/temp.js';
import { writeSample } from './kit/user-project.js';

/** Compilers come first. */
const START_DEADLINE_MS = 120_000;
jest.setTimeout(10 * START_DEADLINE_MS);

const RELOADS = 10;

/** The `main.ts` of the README, without the `await` that CommonJS has not at the top. */
const RUN_GATEWAY = `
import { NestFactory } from '@nestjs/core';
import { runGateway } from 'openclaw-gateway-lock';
import { AppModule } from './app.module.js';

void runGateway(() => NestFactory.create(AppModule, { abortOnError: false })).then((code) => process.exit(code));
`;

/** Everything that entries of the package export. */
const importAll = (entries: readonly string[]): string =>
  entries.map((entry, index) => `export * as entry${index} from 'openclaw-gateway-lock${entry}';\n`).join('');

const [MAJOR = 0, MINOR = 0] = process.versions.node.split('.').map(Number);
const JEST_LOADS_ESM = MAJOR > 24 || (MAJOR === 24 && MINOR >= 9);

const STRICT = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];

/** The class that the samples of docs/testing.md test. */
function gatewayOfReadme(): Sample {
  const file = 'src/chat.gateway.ts';
  return new Map([[file, samplesOf('README.md').get('Use it in your own Nest app')?.get(file) ?? '']]);
}

const hello = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();

/** It serves, refuses a second one, and stops. */
async function expectGateway(start: (env: NodeJS.ProcessEnv) => Program): Promise<void> {
  const port = await freePort();
  const env = { PORT: String(port) };

  const first = start(env);
  await first.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${port}$`, 'm'), START_DEADLINE_MS);
  const second = start(env);

  expect(await second.exit(START_DEADLINE_MS)).toEqual({ code: 78, signal: null });
  expect(second.stderr).toContain(`another gateway instance is already listening on ws://127.0.0.1:${port}\n`);
  expect(await hello(port)).toMatch('Hello World!');
  first.signal('SIGTERM');
  expect(await first.exit()).toEqual({ code: 0, signal: null });
  expect(await isFree(port)).toBe(true);
}

describe('a project of `nest new`', () => {
  const projects = new NestProjects();
  let warnings: string[];
  const run = (type: ModuleType, script: string, env: NodeJS.ProcessEnv = {}): Promise<Program> =>
    succeed('npm', ['run', script], { cwd: projects.file(type, ''), env: { PORT: '0', ...env } });

  beforeAll(async () => {
    warnings = await projects.make();
    // Its own dependencies are not installed on Nest 12 without a warning.
    symlinkSync(join(ROOT, 'node_modules/nest-commander'), join(projects.folder, 'node_modules/nest-commander'));
    for (const type of MODULE_TYPES) {
      // The two lines.
      projects.edit(type, 'src/app.module.ts', /^/, "import { GatewayLockModule } from 'openclaw-gateway-lock';\n");
      const lock = 'GatewayLockModule.forRoot({ port: Number(process.env.PORT ?? 3000) })';
      projects.edit(type, 'src/app.module.ts', 'imports: [],', `imports: [${lock}],`);
    }
    projects.edit('cjs', 'tsconfig.json', '"nodenext"', '"commonjs"');
    projects.edit('cjs', 'tsconfig.json', '"nodenext"', '"node10"');
    projects.edit('cjs', 'tsconfig.json', '"resolvePackageJsonExports": true', '"ignoreDeprecations": "6.0"');
  });

  afterAll(() => projects.remove());

  it('installs this package without a warning', () => {
    expect(warnings).toEqual([]);
  });

  it('esm: its own tests pass by Vitest, supertest’s included, and so do the samples of docs/testing.md', async () => {
    const samples = new Map(samplesOf('docs/testing.md'));
    samples.delete('Test runners');
    for (const sample of [gatewayOfReadme(), ...samples.values()]) writeSample(projects.file('esm', ''), sample);

    const output = [await run('esm', 'test'), await run('esm', 'test:e2e')].map(({ stdout }) => stdout);

    expect(output).toEqual([expect.stringMatching(/Tests.*2 passed/), expect.stringMatching(/Tests.*5 passed/)]);
  });

  it('cjs: its own tests pass by Jest, supertest’s included', async () => {
    // An older Node needs what docs/testing.md says.
    if (!JEST_LOADS_ESM) {
      for (const old of ['jest.config.ts', 'test/jest-e2e.json']) rmSync(projects.file('cjs', old));
      writeSample(projects.file('cjs', ''), samplesOf('docs/testing.md').get('Test runners') ?? new Map());
      projects.edit('cjs', 'package.json', /"test:e2e": ".*"/, '"test:e2e": "jest e2e-spec"');
    }

    const output = [await run('cjs', 'test'), await run('cjs', 'test:e2e')].map(({ stderr }) => stderr);

    const first = JEST_LOADS_ESM ? /Tests.*1 passed/ : /Tests.*2 passed/;
    expect(output).toEqual([expect.stringMatching(first), expect.stringMatching(/Tests.*1 passed/)]);
  });

  it.each([
    ['esm', 'nodenext', 'nodenext', 'tsconfig.json', ['', '/listener', '/testing', '/cli']],
    // nest-commander has no types for it.
    ['esm', 'node16', 'node16', 'tsconfig.json', ['', '/listener', '/testing']],
    // The configuration of Jest is of no use so strictly.
    ['cjs', 'commonjs', 'node10', 'tsconfig.build.json', ['', '/listener', '/testing', '/cli']],
    ['cjs', 'esnext', 'bundler', 'tsconfig.build.json', ['', '/listener', '/testing', '/cli']],
  ] as const)(
    '%s: the types compile as strictly as can be, for %s found by %s',
    async (type, module, moduleResolution, config, entries) => {
      projects.write(type, 'src/all-types.ts', importAll(entries));
      const how = ['--project', config, '--module', module, '--moduleResolution', moduleResolution, '--types', 'node'];
      try {
        const checker = join(ROOT, 'test/kit/own-types.js');
        await succeed(process.execPath, [checker, ...how, ...STRICT, 'src/all-types.ts'], {
          cwd: projects.file(type, ''),
        });
      } finally {
        projects.write(type, 'src/all-types.ts', 'export {};');
      }
    },
  );

  it.each([
    ['esm', 'with the main.ts that is there', /Nest application successfully started/],
    ['cjs', 'with runGateway', /^gateway listening on/],
  ] as const)('%s: `npm run start:dev` %s takes the port again at each reload', async (type, _main, started) => {
    const hasClient = type === 'cjs';
    if (hasClient) {
      projects.write(type, 'src/main.ts', RUN_GATEWAY);
      writeSample(projects.file(type, ''), gatewayOfReadme());
      projects.edit(type, 'src/app.module.ts', /^/, "import { ChatGateway } from './chat.gateway';\n");
      projects.edit(type, 'src/app.module.ts', 'providers: [', 'providers: [ChatGateway, ');
      // Nest starts the next one without waiting for the end of this one, which the client below holds up.
      projects.edit(type, 'src/app.module.ts', '?? 3000) }', "?? 3000), acquire: { wait: 'standby' } }");
    }
    const port = await freePort();
    const cwd = projects.file(type, '');
    const dev = Program.start('npm', ['run', 'start:dev'], { cwd, env: { PORT: String(port) }, group: true });
    const greetings = [];

    for (let reload = 0; reload <= RELOADS; reload++) {
      const greeting = reload === RELOADS ? 'Hello World!' : `Hello, ${reload}!`;
      if (reload > 0) projects.edit(type, 'src/app.service.ts', /return '.*'/, `return '${greeting}'`);
      const times = new RegExp(`(?:${started.source}[^]*){${reload + 1}}`, 'm');
      await dev.output('stdout', times, START_DEADLINE_MS);
      greetings.push(await hello(port));
      // The last reload has to cut this one off, since it does not read.
      if (hasClient && reload === RELOADS - 1) {
        const { status, socket } = await RawPeer.open(`ws://127.0.0.1:${port}`);
        expect(status).toBe(101);
        socket.pause();
      }
    }
    // As Ctrl-C in a terminal.
    dev.signal('SIGINT', true);
    await dev.exit();
    if (hasClient) projects.edit(type, 'src/app.module.ts', ", acquire: { wait: 'standby' }", '');

    expect(new Set(greetings).size).toBe(RELOADS);
    expect(dev.stdout + dev.stderr).not.toContain('already listening');
    expect(await isFree(port)).toBe(true);
  });

  it.each(MODULE_TYPES)('%s: `npm start` serves, and SIGTERM to npm alone leaves no orphan', async (type) => {
    projects.write(type, 'src/main.ts', RUN_GATEWAY);
    const port = await freePort();
    const cwd = projects.file(type, '');
    const program = Program.start('npm', ['start'], { cwd, env: { PORT: String(port) }, group: true });
    await program.output('stdout', /^gateway listening on/m, START_DEADLINE_MS);
    expect(await hello(port)).toBe('Hello World!');

    program.signal('SIGTERM');

    // The end of what all of them write to.
    await program.exit();
    expect(await isFree(port)).toBe(true);
  });

  describe('bundled', () => {
    beforeAll(async () => {
      projects.write('esm', 'src/main.ts', RUN_GATEWAY);
      await run('esm', 'build');
    });

    it('by esbuild with everything in it, as docs/nest.md does, it is a gateway beside ws alone', async () => {
      for (const [file, code] of samplesOf('docs/nest.md').get('Bundling') ?? []) projects.write('esm', file, code);
      await succeed(process.execPath, ['bundle.mjs'], { cwd: projects.file('esm', '') });
      const folder = tempFolder();
      const script = join(folder, 'main.mjs');
      copyFileSync(projects.file('esm', 'bundle/main.mjs'), script);

      const alone = Program.node(script);
      expect(await alone.exit()).toEqual({ code: 1, signal: null });
      expect(alone.stderr).toContain('The "ws" package is missing. Please, make sure to install it to use WsAdapter.');

      mkdirSync(join(folder, 'node_modules'));
      symlinkSync(join(ROOT, 'node_modules/ws'), join(folder, 'node_modules/ws'));
      await expectGateway((env) => Program.node(script, [], { env }));
    });

    it('by esbuild with packages outside, it is a gateway', async () => {
      const [main, script] = [projects.file('esm', 'dist/main.js'), projects.file('esm', 'dist/app.mjs')];
      const flags = ['--bundle', '--platform=node', '--format=esm', '--packages=external', '--log-level=error'];
      await succeed(bin('esbuild'), [main, `--outfile=${script}`, ...flags]);

      await expectGateway((env) => Program.node(script, [], { env }));
    });

    it('by webpack, through `nest build`, it is a gateway', async () => {
      projects.write('cjs', 'src/main.ts', RUN_GATEWAY.replace('.module.js', '.module'));
      await succeed(bin('nest'), ['build', '--webpack'], { cwd: projects.file('cjs', '') });

      await expectGateway((env) => Program.node(projects.file('cjs', 'dist/main.js'), [], { env }));
    });
  });
});

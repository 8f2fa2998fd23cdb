import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_VERSION } from '../src/common/package-version.js';
import { sharedByTests } from './kit/cleaner.js';
import { bin, npm, pack, succeed } from './kit/npm.js';
import { freePort } from './kit/ports.js';
import { Operator } from './kit/operator.js';
import { Program, ROOT } from './kit/program.js';
import { proven } from './kit/proven.js';
import { tempFolder } from './kit/temp.js';

/** What comes over the network takes its time. */
const INSTALL_DEADLINE_MS = 120_000;

jest.setTimeout(2 * INSTALL_DEADLINE_MS);

const TEN_LINES = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GatewayLockModule, GatewayLockService } from 'openclaw-gateway-lock';

class AppModule {}
Module({ imports: [GatewayLockModule.forRoot({ port: Number(process.argv[2]) })] })(AppModule);

const app = await NestFactory.create(AppModule, { abortOnError: false, logger: false });
await app.init();
console.log(app.get(GatewayLockService).url);
`;

/** A program of its own, whose `gateway` runs the app above. */
const COMMANDS = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CommandFactory } from 'nest-commander';
import { ControlMethodsModule, GatewayLockModule } from 'openclaw-gateway-lock';
import { GatewayCommandsModule } from 'openclaw-gateway-lock/cli';

class AppModule {}
const createApp = ({ lock }) => {
  Module({ imports: [GatewayLockModule.forRoot(lock), ControlMethodsModule] })(AppModule);
  return NestFactory.create(AppModule, { abortOnError: false, logger: false });
};
class CliModule {}
Module({ imports: [GatewayCommandsModule.forRoot({ name: 'acme', version: '1.2.3', createApp })] })(CliModule);

await CommandFactory.run(CliModule);
`;

const LISTENER = `
import { claimListener, GatewayLockError } from 'openclaw-gateway-lock/listener';

const port = Number(process.argv[2]);
const listener = await claimListener({ port });
const second = await claimListener({ port }).catch((error) => error);
console.log(second instanceof GatewayLockError, second.code);
await listener.close();
`;

const TYPED = `
import { GatewayLockError, GatewayLockModule, type GatewayLockOptions } from 'openclaw-gateway-lock';

const options: GatewayLockOptions = { port: 0, ws: { maxPayloadBytes: 1 } };
export const module = GatewayLockModule.forRoot(options);
export const isPort = (error: GatewayLockError): boolean => error.code === 'GATEWAY_ALREADY_LISTENING';
// @ts-expect-error a wrong option is a type error
GatewayLockModule.forRoot({ prot: 1 });
`;

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
  },
  files: ['typed.ts'],
});

/** A user's app, with what the README says to install. */
const nest = (major: number): string[] => [
  ...['core', 'common', 'platform-express', 'websockets', 'platform-ws'].map((name) => `@nestjs/${name}@${major}`),
  'reflect-metadata@0.2',
  'rxjs@7',
];

/** How many packages may come with this one, beside a user's Nest. */
const MAX_NEW_PACKAGES = 15;

const NOTICES = 'dist/bin/THIRD-PARTY-NOTICES.txt';
const CODE_OF_PACKAGE = /^ *\/\/ node_modules\/(?:.*\/node_modules\/)?(?:@[^/\n]+\/)?[^/\n]+/gm;

/** The license that a package is published with. */
function licenseIn(folder: string): string {
  const [file] = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8').trim();
  // Some have it at the end of their README alone.
  return readFileSync(join(folder, 'README.md'), 'utf8').split('Permission is hereby granted').slice(1).join().trim();
}

/** A folder for a user's app. */
function moduleFolder(): string {
  const folder = tempFolder();
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  return folder;
}

/** What npm knows of a package from an earlier install is new enough. */
const install = (cwd: string, ...packages: string[]): Promise<Program> =>
  npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', ...packages], cwd);

describe('the packed package', () => {
  const packed = sharedByTests(() => pack(tempFolder()));

  it('installed from nothing: the bin runs, and the second start is refused', async () => {
    const folder = tempFolder();
    await install(folder, packed().tarball);
    const port = await freePort();
    const bin = join(folder, 'node_modules/.bin/openclaw');

    const first = Program.start(bin, ['gateway', '--port', String(port)], { cwd: folder });
    await first.output('stdout', /^gateway listening on/m);
    const second = Program.start(bin, ['gateway', '--port', String(port)], { cwd: folder });

    expect(await second.exit()).toEqual({ code: 78, signal: null });
    expect(second.stderr.split('\n', 1)).toEqual([
      `another gateway instance is already listening on ws://127.0.0.1:${port}`,
    ]);
    const client = await Operator.open(`ws://[::1]:${port}`);
    expect(await client.call('health')).toMatchObject({ ok: true, payload: { ok: true } });
  });

  it.each([12, 11])(
    'beside a Nest %d of the user’s own: few packages more, one copy of Nest, a ten-line app has the lock, types hold',
    async (major) => {
      const folder = moduleFolder();
      const before = await install(folder, ...nest(major));
      const { stdout, stderr } = await install(folder, packed().tarball);
      const [, added = ''] = /^added (\d+) packages? in /m.exec(stdout) ?? [];
      proven(`installed beside a Nest ${major}: the package, and ${Number(added) - 1} more`);
      expect(Number(added)).toBeGreaterThan(1);
      expect(Number(added) - 1).toBeLessThanOrEqual(MAX_NEW_PACKAGES);
      // npm says again what it has said of Nest's own packages.
      expect(stderr.split('\n').filter((line) => !before.stderr.includes(line))).toEqual([]);
      writeFileSync(join(folder, 'app.js'), TEN_LINES);
      writeFileSync(join(folder, 'typed.ts'), TYPED);
      writeFileSync(join(folder, 'tsconfig.json'), TSCONFIG);
      const port = await freePort();

      const app = Program.node(join(folder, 'app.js'), [port], { cwd: folder });
      await app.output('stdout', new RegExp(`^ws://127.0.0.1:${port}$`, 'm'));
      const second = Program.node(join(folder, 'app.js'), [port], { cwd: folder });

      expect((await second.exit()).code).not.toBe(0);
      expect(second.stderr).toContain(
        `GatewayLockError: another gateway instance is already listening on ws://127.0.0.1:${port}`,
      );
      await succeed(bin('tsc'), ['--project', folder]);
      const copies = readdirSync(folder, { recursive: true }).filter((path) =>
        /@nestjs[/\\]core[/\\]package\.json$/.test(String(path)),
      );
      expect(copies).toHaveLength(1);
    },
  );

  it('beside a nest-commander of the user’s own: `gateway` with its commands, for the user’s app', async () => {
    const folder = moduleFolder();
    await install(folder, ...nest(12), 'nest-commander@3', packed().tarball);
    const script = join(folder, 'acme.js');
    writeFileSync(script, COMMANDS);
    const env = { HOME: tempFolder() };
    const acme = async (...args: string[]): Promise<Program> => {
      const program = Program.node(script, ['gateway', ...args], { env });
      await program.exit();
      return program;
    };
    const port = String(await freePort());

    const gateway = Program.node(script, ['gateway', '--port', port], { env });
    await gateway.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${port}$`, 'm'));
    const status = await acme('status', '--port', port);
    const second = await acme('--port', port);
    const [help, version] = [await acme('stop', '--help'), await acme('--version')];
    const stop = await acme('stop', '--port', port);

    expect(status.stdout).toMatch(
      new RegExp(`^Gateway is running on ws://127.0.0.1:${port} \\(ready\\)\n.* pid ${gateway.pid}, ready, `),
    );
    expect(second.stderr).toMatch(`another gateway instance is already listening on ws://127.0.0.1:${port}\n`);
    expect((await second.exit()).code).toBe(78);
    expect(help.stdout).toMatch(/^Usage: acme gateway stop \[options\]/);
    expect(version.stdout).toBe('1.2.3\n');
    expect(stop.stdout).toBe(`stopped; port ${port} is free\n`);
    expect(await gateway.exit()).toEqual({ code: 0, signal: null });
  });

  it('without Nest: the listener alone is the lock', async () => {
    const folder = moduleFolder();
    await install(folder, '--omit=peer', '--legacy-peer-deps', packed().tarball);
    writeFileSync(join(folder, 'listener.js'), LISTENER);

    const program = Program.node(join(folder, 'listener.js'), [await freePort()], { cwd: folder });

    expect(await program.exit()).toEqual({ code: 0, signal: null });
    expect(program.stdout).toBe('true GATEWAY_ALREADY_LISTENING\n');
    expect(readdirSync(join(folder, 'node_modules'))).not.toContain('@nestjs');
  });

  it('is found by every way to resolve a module, types included', async () => {
    await succeed(bin('publint'), ['run', '--strict', packed().tarball]);
    // The package is ESM alone, which require() of the Nodes that it runs on can load.
    await succeed(bin('attw'), [packed().tarball, '--ignore-rules', 'cjs-resolves-to-esm']);
  });

  it('ships what runs and the docs, and nothing else', () => {
    const { files: paths } = packed();
    const others = paths.filter(
      (path) => !/^(dist\/.*\.(js|cjs|d\.ts)|dist\/page\/files\/.*|docs\/.*\.(md|png))$/.test(path),
    );

    expect(others.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', NOTICES, 'package.json']);
    const scripts = paths.filter((path) => /\.c?js$/.test(path));
    const mapped = scripts.filter((path) => readFileSync(join(ROOT, path), 'utf8').includes('\n//# sourceMappingURL='));
    expect(mapped).toEqual([]);
  });

  it('tells its own version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

    expect(PACKAGE_VERSION).toBe(version);
  });

  it('passes on the license of each package whose code is in its scripts', () => {
    const scripts = join(ROOT, 'dist/bin');
    const notices = readFileSync(join(ROOT, NOTICES), 'utf8');
    // The bundler says above each file's code where it is from.
    const named = readdirSync(scripts)
      .filter((file) => /\.c?js$/.test(file))
      .flatMap((file) => readFileSync(join(scripts, file), 'utf8').match(CODE_OF_PACKAGE) ?? [])
      .map((comment) => comment.trim().slice('// '.length));
    const packages = [...new Set(named)];

    expect(packages).toEqual(expect.arrayContaining(['node_modules/@nestjs/core', 'node_modules/ws']));
    // Without comments in it.
    packages.push('node_modules/preact');
    for (const folder of packages) {
      const { name, version } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
        name: string;
        version: string;
      };
      expect(notices).toContain(`${name} ${version} (`);
      expect(notices).toContain(licenseIn(join(ROOT, folder)));
    }
  });
});

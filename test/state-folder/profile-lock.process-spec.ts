import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { decided, parse, UNNAMED, UNOWNED, type Result } from '../kit/openclaw.js';
import { serveOn, startOn, strangerOn } from '../kit/profile.js';
import { BIN, fixture, Program } from '../kit/program.js';
import { snapshot, Surroundings } from '../kit/snapshot.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';
import { cardAnswer } from '../holder/cards.js';

/** The verdict takes half a second at most; the rest is for a machine that is busy. */
const REFUSAL_DEADLINE_MS = 60_000;
const LISTENING = /^gateway listening on /m;

const inUse = (port: number): string =>
  `another gateway instance is already using profile default (ws://127.0.0.1:${port})`;

/** A start in the folder, made again while a busy machine names no holder in time. */
async function refusedOn(folder: string): Promise<Result & { readonly port: number }> {
  let last = 0;
  const start = async (): Promise<Result> => {
    const { program, port } = await startOn(folder);
    last = port;
    return program.result();
  };
  return { ...(await decided(start, UNNAMED)), port: last };
}

describe('one gateway per profile', () => {
  it('is refused on another port, with the address of the other and commands for it', async () => {
    const folder = tempFolder();
    const holder = await serveOn(folder);

    const { code, stderr, port } = await refusedOn(folder);

    expect(code).toBe(78);
    const [first, who, ...commands] = stderr.trimEnd().split('\n');
    expect(first).toBe(inUse(holder.port));
    expect(who).toMatch(new RegExp(`^ {2}held by +gateway .*, profile default, pid ${holder.program.pid}, ready, up `));
    expect(commands).toEqual([
      `  see it     openclaw gateway status --port ${holder.port}`,
      `  stop it    openclaw gateway stop --port ${holder.port}`,
      `  take over  openclaw gateway --port ${holder.port} --force`,
    ]);
    expect(await isFree(port)).toBe(true);
    expect(await isFree(port, '::1')).toBe(true);
  });

  it('is refused in one line of JSON', async () => {
    const folder = tempFolder();
    const holder = await serveOn(folder);

    const { stdout, stderr } = await decided(async () => {
      const { program } = await startOn(folder, ['--json']);
      return program.result();
    }, UNOWNED);

    expect(parse(stdout)).toMatchObject({
      ok: false,
      code: 'GATEWAY_PROFILE_IN_USE',
      message: inUse(holder.port),
      verdict: 'ready',
      url: `ws://127.0.0.1:${holder.port}`,
      holder: { card: { pid: holder.program.pid }, owner: { pid: holder.program.pid } },
      exitCode: 78,
    });
    expect(stderr).toBe('');
  });

  it.each([
    ['a symbolic link', (folder: string) => linkTo(folder)],
    ['a link above it', (folder: string) => join(linkTo(dirname(folder)), basename(folder))],
    ['a path with ..', (folder: string) => `${folder}/../${basename(folder)}/.`],
    ['a relative path', (folder: string) => basename(folder)],
  ])('is refused through %s', async (_name, spell) => {
    const folder = tempFolder();
    const holder = await serveOn(folder);

    const { program } = await startOn(spell(folder), [], { cwd: dirname(folder) });

    expect(await program.exit()).toEqual({ code: 78, signal: null });
    expect(program.stderr.split('\n', 1)).toEqual([inUse(holder.port)]);
  });

  it('and two of two profiles run side by side', async () => {
    const home = tempFolder();
    const start = async (flags: string[]): Promise<Program> => {
      const env = { HOME: home };
      const program = Program.node(BIN, ['gateway', '--port', await freePort(), ...flags], { env });
      await program.output('stdout', LISTENING);
      return program;
    };

    await start([]);
    await start(['--profile', 'rescue']);
    const again = Program.node(BIN, ['gateway', '--port', await freePort(), '--profile', 'rescue'], {
      env: { HOME: home },
    });

    expect(await again.exit()).toEqual({ code: 78, signal: null });
    expect(again.stderr).toMatch(
      /^another gateway instance is already using profile rescue \(ws:\/\/127\.0\.0\.1:\d+\)\n/,
    );
    expect(again.stderr).toMatch(/ openclaw gateway --profile rescue --port \d+ --force\n/);
  });

  it('makes the folder that is missing, for this user alone, once it has the port', async () => {
    const above = join(tempFolder(), 'above');
    const holder = await serveOn(tempFolder());
    const refused = Program.node(BIN, ['gateway', '--port', holder.port], {
      env: { OPENCLAW_STATE_DIR: join(above, 'state') },
    });
    await refused.exit();
    expect(() => statSync(above)).toThrow('ENOENT');

    await serveOn(join(above, 'state'));

    expect([above, join(above, 'state')].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
  });
});

describe('a loser of the profile', () => {
  it('has written nothing, and its port is free', async () => {
    const surroundings = new Surroundings();
    const holder = Program.node(BIN, ['gateway', '--port', await freePort()], surroundings.options());
    await holder.output('stdout', LISTENING);
    const before = surroundings.snapshot();

    const port = await freePort();
    const loser = Program.node(BIN, ['gateway', '--port', port], surroundings.options());

    expect(await loser.exit()).toEqual({ code: 78, signal: null });
    expect(surroundings.snapshot()).toEqual(before);
    expect(await isFree(port)).toBe(true);
  });

  it('that meets a frozen gateway gives up in time: 75', async () => {
    const folder = tempFolder();
    const holder = await serveOn(folder);
    holder.program.signal('SIGSTOP');

    let port = 0;
    const { code, stderr } = await decided(async () => {
      const refused = await startOn(folder);
      port = refused.port;
      const exit = await refused.program.exit(REFUSAL_DEADLINE_MS);
      return { code: exit.code, stdout: refused.program.stdout, stderr: refused.program.stderr };
    }, UNNAMED);

    expect(code).toBe(75);
    const [first, who, ...commands] = stderr.trimEnd().split('\n');
    expect(first).toBe('another gateway instance is already using profile default (unknown address)');
    if (LINUX) {
      expect(who).toMatch(
        new RegExp(`held by +accepts connections but does not answer: a gateway, pid ${holder.program.pid}`),
      );
      expect(commands.join('\n')).toContain(`kill -9 ${holder.program.pid}`);
    }
    expect(commands.at(-1)).toContain(`openclaw gateway --port ${port} --standby`);
  });

  it('is content with --ensure', async () => {
    const folder = tempFolder();
    const holder = await serveOn(folder);

    const { code, stdout } = await decided(async () => {
      const { program } = await startOn(folder, ['--ensure']);
      return program.result();
    });

    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `^already there on ws://127.0.0.1:${holder.port}: gateway .*, pid ${holder.program.pid}, ready, up .*\n$`,
      ),
    );
  });

  it('with --force is refused all the same: it stops the holder of its port, and no other process', async () => {
    const folder = tempFolder();
    const holder = await serveOn(folder);
    const neighbour = await serveOn(tempFolder());

    const forced = Program.node(BIN, ['gateway', '--port', neighbour.port, '--force'], {
      env: { OPENCLAW_STATE_DIR: folder },
    });

    expect(await forced.exit()).toEqual({ code: 78, signal: null });
    expect(forced.stderr).toContain(inUse(holder.port));
    expect(await neighbour.program.exit()).toEqual({ code: 0, signal: null });
    expect(await isFree(holder.port)).toBe(false);
  });
});

describe('a stranger on a derived port', () => {
  it('is named in the refusal, and all is given back: 69', async () => {
    const folder = join(tempFolder(), 'state');
    const port = await freePort();
    const taken = port + 3;
    await stranger({ port: taken }, (socket) => socket.end());

    const start = (): Promise<Result> => Program.node(fixture('profile-gateway'), [port, folder, 0, 3]).result();
    const { code, stderr } = await decided(start, UNNAMED);

    expect(code).toBe(69);
    const [first, ...details] = stderr.trimEnd().split('\n');
    expect(first).toBe(`another gateway instance is already listening on ws://127.0.0.1:${taken}`);
    expect(details.slice(0, 2)).toEqual([
      expect.stringMatching(new RegExp(`^ {2}port ${taken} is in use by another program: .*pid ${process.pid}`)),
      expect.stringMatching(new RegExp(`^ {2}needed for +browser, derived from port ${port}$`)),
    ]);
    expect(snapshot(folder)).toHaveLength(1);
    expect(await isFree(port)).toBe(true);
    await serveOn(folder);
  });
});

describe('a stranger that has the lock of the profile', () => {
  it('is called one: 69', async () => {
    const folder = tempFolder();
    await strangerOn(folder, (socket) => socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\n\r\n')));

    const { code, stderr, port } = await refusedOn(folder);

    expect(code).toBe(69);
    expect(stderr).toMatch(
      new RegExp(
        `^another gateway instance is already using profile default \\(unknown address\\)\n {2}profile default is in use by another program: .*pid ${process.pid}`,
      ),
    );
    expect(stderr).toContain('openclaw gateway --profile <name>');
    expect(await isFree(port)).toBe(true);
  });

  (LINUX ? it : it.skip)('is not believed a card with a pid that is not its own: 69', async () => {
    const folder = tempFolder();
    await strangerOn(folder, (socket) => {
      socket.once('data', () => socket.end(cardAnswer({ pid: process.ppid })));
    });

    const { code, stderr } = await refusedOn(folder);

    expect(code).toBe(69);
    expect(stderr).toMatch(
      /^another .* profile default \(unknown address\)\n {2}profile default is in use by another program: /,
    );
  });

  it('is waited for by a standby, which leaves its own port alone meanwhile', async () => {
    const folder = tempFolder();
    const server = await strangerOn(folder, (socket) => socket.end());
    const { program, port } = await startOn(folder, ['--standby']);
    await program.output('stderr', /"message":"standing by for unknown address: not a gateway/);
    expect(await isFree(port)).toBe(true);

    server.close();

    await program.output('stdout', LISTENING);
  });
});

describe('a state folder that cannot be used', () => {
  it.each([
    ['a file in its place', 'file', /EEXIST: file already exists/],
    ['a file above it', 'file/state', /ENOTDIR: not a directory/],
    ['a link to nothing', 'dangling', /E[A-Z]+: /],
  ])('%s: one line, 64, and the port is free', async (_name, path, reason) => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'file'), '');
    symlinkSync(join(folder, 'file', 'nothing'), join(folder, 'dangling'));

    const { program, port } = await startOn(join(folder, path));

    expect(await program.exit()).toEqual({ code: 64, signal: null });
    expect(program.stderr).toMatch(reason);
    expect(program.stderr).toMatch(
      /^the state folder "\/.*" cannot be made or used \(E.*\): fix it, or choose another one with OPENCLAW_STATE_DIR\n$/,
    );
    expect(await isFree(port)).toBe(true);
  });

  it('one that is read-only', async () => {
    const folder = join(tempFolder(), 'state');
    mkdirSync(folder, { mode: 0o500 });
    const port = await freePort();
    // Root may write anywhere, unless it gives up that capability (capabilities(7)) first.
    const unprivileged = process.getuid?.() === 0 ? ['--bounding-set=-dac_override'] : [];

    const args = [...unprivileged, process.execPath, BIN, 'gateway', '--port', String(port)];
    const program = Program.start('setpriv', args, { env: { OPENCLAW_STATE_DIR: folder } });

    expect(await program.exit()).toEqual({ code: 64, signal: null });
    expect(program.stderr).toMatch(
      /^the state folder ".*" cannot be made or used \(EACCES: permission denied\): .*\n$/,
    );
    expect(await isFree(port)).toBe(true);
  });
});

function linkTo(folder: string): string {
  const link = join(tempFolder(), 'link');
  symlinkSync(folder, link);
  return link;
}

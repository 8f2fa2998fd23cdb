import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { checkToken, obtainTokenFile, readTokenFile } from '../../../src/control/access/token-file.js';
import { Tokens } from '../../../src/control/access/compare-token.js';
import { NotAllowedError } from '../../../src/common/not-allowed.error.js';
import { InputError } from '../../../src/common/input.error.js';
import { createApp } from '../../kit/app.js';
import { startControlApp } from '../../kit/control-app.js';
import { claim } from '../../kit/claims.js';
import { freePort, isFree } from '../../kit/ports.js';
import { Operator } from '../../kit/operator.js';
import { Program, ROOT } from '../../kit/program.js';
import { proven } from '../../kit/proven.js';
import { modeOf, tempFolder } from '../../kit/temp.js';
import { TOKEN } from '../../kit/token.js';

function errorOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('obtainTokenFile', () => {
  const place = (): string => join(tempFolder(), 'state', 'gateway.token');

  it('makes a token of 32 random bytes', () => {
    const token = obtainTokenFile(place());
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(token).toMatch(/^[\w-]{43}$/);
  });

  it('makes another one each time', () => {
    const tokens = Array.from({ length: 20 }, () => obtainTokenFile(place()));
    expect(new Set(tokens).size).toBe(20);
  });

  it('makes the file and its folder for this user alone', () => {
    const file = place();
    obtainTokenFile(file);
    expect(modeOf(file)).toBe(0o600);
    expect(modeOf(join(file, '..'))).toBe(0o700);
  });

  it('leaves nothing else behind', () => {
    const file = place();
    obtainTokenFile(file);
    expect(readdirSync(join(file, '..'))).toEqual(['gateway.token']);
  });

  it('gives the same the second time', () => {
    const file = place();
    expect(obtainTokenFile(file)).toBe(obtainTokenFile(file));
  });

  it('gives what a client reads', () => {
    const file = place();
    expect(readTokenFile(file)).toBeUndefined();
    expect(obtainTokenFile(file)).toBe(readTokenFile(file));
  });

  it.each([0o644, 0o640, 0o604, 0o755])('closes a file that others may read, mode %o', (mode) => {
    const file = place();
    const token = obtainTokenFile(file);
    chmodSync(file, mode);
    expect(obtainTokenFile(file)).toBe(token);
    expect(modeOf(file)).toBe(0o600);
  });

  it.each([0o660, 0o602, 0o777])('refuses a file that others may write, mode %o', (mode) => {
    const file = place();
    obtainTokenFile(file);
    chmodSync(file, mode);
    expect(errorOf(() => obtainTokenFile(file))).toBeInstanceOf(NotAllowedError);
    expect(modeOf(file)).toBe(mode);
  });

  it('removes what a process that was killed has left of a token', () => {
    const file = place();
    const token = obtainTokenFile(file);
    const leftover = `${file}.01234567-89ab-4cde-8f01-23456789abcd`;
    writeFileSync(leftover, token);
    utimesSync(leftover, 0, 0);

    obtainTokenFile(file);

    expect(readdirSync(join(file, '..'))).toEqual(['gateway.token']);
  });

  it('leaves a file alone that is closed further than it has to be', () => {
    const file = place();
    const token = obtainTokenFile(file);
    chmodSync(file, 0o400);
    expect(obtainTokenFile(file)).toBe(token);
    expect(modeOf(file)).toBe(0o400);
  });

  it('takes a token that a person has written, with a line break', () => {
    const file = join(tempFolder(), 'gateway.token');
    writeFileSync(file, `  ${TOKEN}\r\n`);
    expect(obtainTokenFile(file)).toBe(TOKEN);
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \n\n'],
    ['too little', 'short\n'],
    ['two lines', `${TOKEN}\n${TOKEN}\n`],
    ['what is no text', '\0\x01\x02\x03\x04\x05\x06\x07\x08'],
    ['a whole book', 'x'.repeat(100_000)],
  ])('refuses a file with %s in it, in one line that shows none of it', (_what, text) => {
    const file = join(tempFolder(), 'gateway.token');
    writeFileSync(file, text);
    const error = errorOf(() => obtainTokenFile(file));
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(
      /^\S+gateway\.token (is empty|does not hold a token): .*delete the file and a new one/,
    );
    expect(error.message).not.toMatch(/\p{Cc}|short|xxx/u);
    expect(error.message).not.toContain(TOKEN);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it.each([
    ['a folder', (file: string) => mkdirSync(file)],
    ['a link to itself', (file: string) => symlinkSync(file, file)],
  ])('refuses %s in its place, in one line that names it', (_what, put) => {
    const file = join(tempFolder(), 'gateway.token');
    put(file);
    const error = errorOf(() => obtainTokenFile(file));
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(/^\S+gateway\.token: the token cannot be read \(E[A-Z]+\): fix the file, or give a/);
  });

  it('refuses a link that leads nowhere, and makes no token where it leads', () => {
    const folder = tempFolder();
    const file = join(folder, 'gateway.token');
    symlinkSync(join(folder, 'elsewhere'), file);
    expect(() => obtainTokenFile(file)).toThrow(InputError);
    expect(readdirSync(folder)).toEqual(['gateway.token']);
  });

  it('refuses a folder that is a file', () => {
    const folder = join(tempFolder(), 'state');
    writeFileSync(folder, '');
    expect(() => obtainTokenFile(join(folder, 'gateway.token'))).toThrow(InputError);
  });

  it('gives all that make it at once the same', async () => {
    const [rounds, processes] = [3, 8];
    const module = pathToFileURL(join(ROOT, 'dist/control/access/token-file.js')).href;
    const script = `
      import { obtainTokenFile } from ${JSON.stringify(module)};
      process.stdin.once('data', () => { console.log(obtainTokenFile(process.argv[1])); process.exit(); });
      console.log('prepared');
    `;
    for (let round = 0; round < rounds; round++) {
      const file = place();
      const args = ['--input-type=module', '--eval', script, file];
      const racers = Array.from({ length: processes }, () => Program.start(process.execPath, args, { stdin: true }));
      await Promise.all(racers.map((racer) => racer.output('stdout', /prepared\n/)));
      for (const racer of racers) racer.type('go');
      await Promise.all(racers.map((racer) => racer.exit()));
      const token = readTokenFile(file) ?? '';
      expect(racers.map(({ stdout, stderr }) => stdout + stderr)).toEqual(
        new Array(processes).fill(`prepared\n${token}\n`),
      );
      expect(readdirSync(join(file, '..'))).toEqual(['gateway.token']);
    }
    proven(`${rounds} times ${processes} processes made the token at once: all got the same`);
  });
});

describe('checkToken', () => {
  it.each(['x'.repeat(8), 'x'.repeat(512), '!"#$%&~^'])('takes %j', (token) => {
    expect(checkToken('--token', token)).toBe(token);
  });

  it.each([
    '',
    'x'.repeat(7),
    'x'.repeat(513),
    'with a space',
    'line\nbreak-secret',
    'sécret-secret',
    ' padded-secret',
  ])('refuses %j, and does not show it', (token) => {
    const error = errorOf(() => checkToken('--token', token));
    expect(error).toBeInstanceOf(InputError);
    const what = token === '' ? 'is empty' : 'does not hold a token';
    expect(error.message).toBe(`--token ${what}: give 8 to 512 printable ASCII characters without spaces`);
  });
});

describe('Tokens', () => {
  const tokens = new Tokens([
    { token: 'all-of-it', scopes: ['operator.read', 'operator.write', 'operator.admin'] },
    { token: 'only-reading', scopes: ['operator.read'] },
    { token: 'no-scopes', scopes: [] },
  ]);

  it('knows what each token is good for', () => {
    expect(tokens.scopesOf('only-reading')).toEqual(['operator.read']);
    expect(tokens.scopesOf('no-scopes')).toEqual([]);
  });

  it.each(['', 'only-readin', 'only-reading ', 'ONLY-READING', 'only-reading\0', 'all-of-itonly-reading'])(
    'knows nothing of %j',
    (token) => expect(tokens.scopesOf(token)).toBeUndefined(),
  );

  it('keeps no token', () => {
    expect(JSON.stringify(tokens)).not.toContain('only-reading');
  });
});

describe('a gateway', () => {
  const inFile = (tokenFile: string): object => ({ auth: { tokenFile } });

  it('makes the token of its file, and admits a client that shows it', async () => {
    const file = join(tempFolder(), 'gateway.token');
    const { url } = await startControlApp({ lock: inFile(file) });
    const operator = await Operator.open(url, { token: readTokenFile(file) ?? '' });
    expect(operator.hello.auth.scopes).toEqual(['operator.read', 'operator.write', 'operator.admin']);
  });

  it('makes no token when it is refused the port', async () => {
    const file = join(tempFolder(), 'gateway.token');
    const holder = await claim({ port: 0 });
    const port = holder.addresses[0]?.port ?? 0;
    const { app } = await createApp({ lock: { port, protocol: 'openclaw', ...inFile(file) } });
    await expect(app.init()).rejects.toThrow('another gateway instance is already listening');
    expect(existsSync(file)).toBe(false);
  });

  it('has given back the port when its token cannot be made', async () => {
    const folder = join(tempFolder(), 'state');
    writeFileSync(folder, '');
    const port = await freePort();
    const { app } = await createApp({
      lock: { port, protocol: 'openclaw', ...inFile(join(folder, 'gateway.token')) },
    });
    await expect(app.init()).rejects.toThrow(InputError);
    await app.close();
    expect(await isFree(port)).toBe(true);
  });

  it('needs a token of some kind to speak the protocol', async () => {
    await expect(createApp({ lock: { protocol: 'openclaw' } })).rejects.toThrow(
      "protocol 'openclaw' needs a token: give auth.token, auth.tokens or auth.tokenFile",
    );
  });

  it.each(['', 'short'])('refuses the token %j among those it is given', async (token) => {
    const tokens = [{ token, scopes: ['operator.read' as const] }];
    await expect(createApp({ lock: { protocol: 'openclaw', auth: { tokens } } })).rejects.toThrow(/^auth: a token /);
  });

  it.each(['0.0.0.0', '::', '192.0.2.1'])(
    'refuses to be reached at %s with a token that the operator has not chosen',
    async (host) => {
      const lock = { host, protocol: 'openclaw' as const, ...inFile(join(tempFolder(), 'gateway.token')) };
      await expect(createApp({ lock })).rejects.toThrow(`refusing to bind ${host} without auth: `);
    },
  );

  it('refuses so also for a listener that was claimed before', async () => {
    const listener = await claim({ host: '0.0.0.0', port: 0 });
    const lock = { listener, protocol: 'openclaw' as const, ...inFile(join(tempFolder(), 'gateway.token')) };
    await expect(createApp({ lock })).rejects.toThrow('refusing to bind 0.0.0.0 without auth: ');
  });

  it('grants what a token is good for, and not what a client says of itself', async () => {
    const tokens = [{ token: 'only-reading', scopes: ['operator.read' as const] }];
    const { url, lock } = await startControlApp({ lock: { auth: { token: TOKEN, tokens } } });
    const claims = {
      role: 'admin',
      scopes: ['operator.admin'],
      auth: { token: 'only-reading', scopes: ['operator.admin'] },
    };
    const operator = await Operator.open(url, { params: claims });

    expect(operator.hello.auth.scopes).toEqual(['operator.read']);
    expect(await operator.call('gateway.shutdown')).toMatchObject({
      ok: false,
      error: { code: 'INVALID_REQUEST', details: { code: 'MISSING_SCOPE', scope: 'operator.admin' } },
    });
    expect(lock.phase).toBe('ready');
    expect(await operator.call('health', { scopes: ['operator.admin'] })).toMatchObject({ ok: true });
  });

  it('lets a token without scopes do nothing', async () => {
    const { url } = await startControlApp({ lock: { auth: { tokens: [{ token: 'no-scopes', scopes: [] }] } } });
    const operator = await Operator.open(url, { token: 'no-scopes' });
    expect(await operator.call('health')).toMatchObject({ ok: false, error: { details: { code: 'MISSING_SCOPE' } } });
    const metrics = await fetch(`${url.replace('ws:', 'http:')}/metrics`, {
      headers: { Authorization: 'Bearer no-scopes' },
    });
    expect(metrics.status).toBe(401);
  });
});

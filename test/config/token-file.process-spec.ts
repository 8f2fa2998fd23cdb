import { chmodSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { call, launchFolder, start } from '../kit/launched.js';
import { freePort } from '../kit/ports.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';
import { TOKEN } from '../kit/token.js';

const SECRET = 'a-token-that-is-in-a-file-of-its-own';
const NONE = { OPENCLAW_GATEWAY_TOKEN: undefined };

function tokenFile(text = `${SECRET}\n`): string {
  const file = join(realpathSync(tempFolder()), 'token');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

describe('a token in a file that is named', () => {
  it.each([
    ['the flag', (file: string) => ({ flags: ['--token-file', file], env: NONE })],
    ['the flag, before the variable of a token', (file: string) => ({ flags: ['--token-file', file], env: {} })],
    ['the variable', (file: string) => ({ flags: [], env: { ...NONE, OPENCLAW_GATEWAY_TOKEN_FILE: file } })],
  ])('by %s is that of the gateway and of its clients', async (_what, by) => {
    const [folder, port] = [launchFolder(), await freePort()];
    const { flags, env } = by(tokenFile());

    expect((await call(folder, ['start', '--port', port, ...flags], env)).code).toBe(0);

    expect((await call(folder, ['health', '--port', port], { OPENCLAW_GATEWAY_TOKEN: SECRET })).code).toBe(0);
    expect((await call(folder, ['health', '--port', port, ...flags], env)).code).toBe(0);
    expect((await call(folder, ['health', '--port', port], { OPENCLAW_GATEWAY_TOKEN: TOKEN })).code).toBe(77);
  });

  (LINUX ? it : it.skip)('is in no argument of a gateway in the background, wherever that runs', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const file = tokenFile();
    const link = join(folder, 'link');
    symlinkSync(dirname(file), link);

    const { pid } = await start(folder, port, '--token-file', join(link, basename(file)));

    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(SECRET);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(SECRET);
    expect((await call(folder, ['health', '--port', port], { OPENCLAW_GATEWAY_TOKEN: SECRET })).code).toBe(0);
  });

  it.each([
    [64, 'that is missing', () => join(tempFolder(), 'none'), /^--token-file: there is no \S+\/none: name a file/],
    [64, 'without a token in it', () => tokenFile('short'), /^--token-file: \S+ does not hold a token: give 8 to 512/],
    [64, 'that is none', () => tempFolder(), /^--token-file: \S+ cannot be read \(EISDIR\): name a file/],
    [77, 'that others may write', () => chmodded(tokenFile(), 0o666), / can be written by other users \(mode 666\): /],
  ])('ends a command with %i and one line for a file %s', async (expected, _what, file, line) => {
    const { code, stderr } = await call(tempFolder(), ['health', '--token-file', file()], NONE);

    expect([code, stderr.match(/\n/g)?.length]).toEqual([expected, 1]);
    expect(stderr).toMatch(line);
  });

  it('is refused beside a token: 64', async () => {
    const flags = ['--token', TOKEN, '--token-file', tokenFile()];

    const { code, stderr } = await call(tempFolder(), ['health', ...flags], NONE);

    expect([code, stderr]).toEqual([64, '--token and --token-file both give a token: give one of them\n']);
  });
});

function chmodded(file: string, mode: number): string {
  chmodSync(file, mode);
  return file;
}

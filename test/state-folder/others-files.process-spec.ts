import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { trouble } from '../kit/log.js';
import { freePort, isFree } from '../kit/ports.js';
import { call, launchFolder } from '../kit/launched.js';
import type { Result } from '../kit/openclaw.js';
import { NO_OTHER_USER, OTHER_UID } from '../kit/other-user.js';
import { TOKEN } from '../kit/token.js';

const OTHERS = `belongs to another user \\(uid ${OTHER_UID}\\)`;
const WITHOUT_TOKEN = { OPENCLAW_GATEWAY_TOKEN: undefined };

/** The state folder of a start, after `prepare`, and what came of it. */
async function startIn(
  prepare: (folder: string) => void,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Result & { folder: string; isFree: boolean }> {
  const [folder, port] = [launchFolder(), await freePort()];
  prepare(folder);
  const result = await call(folder, [...args, '--port', port], { ...WITHOUT_TOKEN, ...env });
  return { ...result, folder, isFree: await isFree(port) };
}

function plant(name: string, text: string): (folder: string) => void {
  return (folder) => {
    writeFileSync(join(folder, name), text);
    chownSync(join(folder, name), OTHER_UID, OTHER_UID);
  };
}

(NO_OTHER_USER === '' ? describe : describe.skip)(`what another user has put in place${NO_OTHER_USER}`, () => {
  it.each([
    ['gateway.token', `${TOKEN}\n`],
    ['gateway.secret', `${'x'.repeat(43)}\n`],
    ['openclaw.json', `{ gateway: { auth: { token: '${TOKEN}' } } }`],
  ])('as %s is refused with its owner and the command that mends it: 77', async (name, text) => {
    const { code, stdout, stderr, folder, isFree } = await startIn(plant(name, text));

    expect(trouble(stderr)).toMatch(
      new RegExp(`^${join(folder, name)} ${OTHERS}: .*chown \\S+ ${join(folder, name)}\n$`),
    );
    expect([code, stdout, isFree]).toEqual([77, '', true]);
  });

  it.each(['gateway.log', 'launcher.pid', 'launcher.json'])('as %s is refused by a launcher: 77', async (name) => {
    const { code, stdout, stderr, folder } = await startIn(plant(name, ''), ['start', '--json'], {
      OPENCLAW_GATEWAY_TOKEN: TOKEN,
    });

    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      failure: 'not allowed',
      message: expect.stringMatching(new RegExp(`^${join(folder, name)} ${OTHERS}: `)) as string,
      exitCode: 77,
    });
    expect([code, stderr]).toEqual([77, '']);
  });

  it('as the state folder is refused: 77', async () => {
    const { code, stderr, folder, isFree } = await startIn((path) => chownSync(path, OTHER_UID, OTHER_UID));

    expect(stderr).toMatch(new RegExp(`^${folder} ${OTHERS}: run this as that user, or .*OPENCLAW_STATE_DIR\n$`));
    expect([code, isFree]).toEqual([77, true]);
  });

  it('as the folder of who has called sudo is refused with a word about sudo: 77', async () => {
    const { code, stderr } = await startIn((path) => chownSync(path, OTHER_UID, OTHER_UID), [], {
      SUDO_UID: String(OTHER_UID),
    });

    expect([code, stderr]).toEqual([77, expect.stringContaining(': run this without sudo, or ')]);
  });

  it('as a link in place of the log does not lead to a file of this user: 64', async () => {
    const target = join(launchFolder(), 'precious');
    writeFileSync(target, 'precious');
    chmodSync(target, 0o644);

    const { code, stderr, folder } = await startIn(
      (path) => {
        symlinkSync(target, join(path, 'gateway.log'));
        lchownSync(join(path, 'gateway.log'), OTHER_UID, OTHER_UID);
      },
      ['start'],
      { OPENCLAW_GATEWAY_TOKEN: TOKEN },
    );

    expect([code, stderr]).toEqual([64, `${folder}/gateway.log is a symbolic link, not a file: move it away\n`]);
    expect([readFileSync(target, 'utf8'), statSync(target).mode & 0o777]).toEqual(['precious', 0o644]);
  });
});

describe('what other users may write', () => {
  it.each([
    ['gateway.token', `${TOKEN}\n`],
    ['openclaw.json', '{}'],
  ])('as %s is refused with the command that mends it: 77', async (name, text) => {
    const { code, stderr, folder } = await startIn((path) => {
      writeFileSync(join(path, name), text);
      chmodSync(join(path, name), 0o666);
    });

    const file = join(folder, name);
    expect([code, trouble(stderr)]).toEqual([
      77,
      `${file} can be written by other users (mode 666): take that away: chmod go-w ${file}\n`,
    ]);
  });

  it('as the state folder gets no variables of a service: 77', async () => {
    const { code, folder } = await startIn((path) => chmodSync(path, 0o777), ['install', '--env', 'PATH']);

    expect([code, existsSync(join(folder, 'gateway.env'))]).toEqual([77, false]);
  });

  it('as the state folder is refused: 77', async () => {
    const { code, stderr, folder } = await startIn((path) => chmodSync(path, 0o777));

    expect([code, stderr]).toEqual([
      77,
      `${folder} can be written by other users (mode 777): take that away: chmod go-w ${folder}, or choose another folder with OPENCLAW_STATE_DIR\n`,
    ]);
  });
});

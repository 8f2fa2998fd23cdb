import { chmodSync, cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { freePort } from './kit/ports.js';
import { NO_OTHER_USER, OTHER_UID } from './kit/other-user.js';
import { Program, ROOT, type Exit } from './kit/program.js';
import { tempFolder } from './kit/temp.js';

jest.setTimeout(120_000);

/** The last stage of the Dockerfile: instructions and what follows them, in order. */
const STEPS = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  .split(/^FROM .*$/m)
  .at(-1)
  ?.split('\n')
  .map((line) => /^([A-Z]+) (.*)$/.exec(line))
  .filter((match) => match !== null)
  .map(([, name, text]) => [name, text] as const);

const all = (name: string): string[] => (STEPS ?? []).filter(([one]) => one === name).map(([, text = '']) => text);
const only = (name: string): string => all(name).join();
const argumentsIn = (text: string): string[] => JSON.parse(text.slice(text.indexOf('['))) as string[];

/** Takes the steps in a folder in the place of `/`, and runs commands in it as the user that the image has. */
class Image {
  private constructor(
    private readonly root: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async make(): Promise<Image> {
    const root = tempFolder();
    chmodSync(root, 0o755);
    for (const copy of all('COPY')) {
      const [, from = '', to = ''] = /^--from=build \/src\/(\S+) (\S+)$/.exec(copy) ?? [];
      cpSync(join(ROOT, from), join(root, to), { recursive: true });
    }
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
    const image = new Image(root, {});
    for (const command of all('RUN')) expect(await image.shell(command)).toEqual({ code: 0, signal: null });
    const [name = '', value = ''] = only('ENV').split('=');
    const PATH = `${join(root, 'usr/local/bin')}:${dirname(process.execPath)}:/usr/bin:/bin`;
    return new Image(root, { PATH, [name]: join(root, value), HOME: '/nonexistent' });
  }

  /** As `node`, which has no other rights than any user. */
  run([command = '', ...args]: string[], env: NodeJS.ProcessEnv): Program {
    const all = { ...this.env, ...env };
    return Program.start('setpriv', [`--reuid=${OTHER_UID}`, '--clear-groups', command, ...args], { env: all });
  }

  private shell(command: string): Promise<Exit> {
    const here = command.replaceAll(/(?<=\s)\//g, `${this.root}/`).replaceAll(' node', ` ${OTHER_UID}`);
    return Program.start('sh', ['-c', here]).exit();
  }
}

(NO_OTHER_USER === '' ? describe : describe.skip)(`the steps of the Dockerfile${NO_OTHER_USER}`, () => {
  it('are those that are taken here, and end as a user that is not root', () => {
    const names = ['COPY', 'COPY', 'RUN', 'RUN', 'RUN', 'ENV', 'USER', 'VOLUME', 'EXPOSE', 'HEALTHCHECK', 'CMD'];
    expect(STEPS?.map(([name]) => name)).toEqual(names);
    expect([only('USER'), only('VOLUME'), only('EXPOSE')]).toEqual(['node', '/state', '18789']);
  });

  it('leave a gateway that refuses to start without a token, is healthy with one, and stops with 0', async () => {
    const image = await Image.make();
    const [port, command] = [String(await freePort()), argumentsIn(only('CMD'))];
    const env = { OPENCLAW_GATEWAY_PORT: port, OPENCLAW_GATEWAY_TOKEN: 'a-token-of-the-container-0123456789' };

    const without = image.run(command, { ...env, OPENCLAW_GATEWAY_TOKEN: undefined });
    expect([await without.exit(), without.stderr]).toEqual([
      { code: 64, signal: null },
      expect.stringContaining('refusing to bind 0.0.0.0 without auth') as string,
    ]);
    const gateway = image.run(command, env);
    await gateway.output('stdout', new RegExp(`^gateway listening on ws://0.0.0.0:${port}$`, 'm'));
    const health = image.run(argumentsIn(only('HEALTHCHECK')), env);
    expect(await health.exit()).toEqual({ code: 0, signal: null });
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);

    gateway.signal('SIGTERM');
    expect(await gateway.exit()).toEqual({ code: 0, signal: null });
  });
});

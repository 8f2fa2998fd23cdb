import { chooseSettings } from '../../src/config/choose-settings.js';
import { GatewayLockService } from '../../src/index.js';
import { createGatewayApp, type CreateOptions } from '../../src/process/create-app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { Operator } from '../kit/operator.js';
import { freePort } from '../kit/ports.js';
import { canStartAnew } from '../kit/start-anew.js';
import { tempFolder } from '../kit/temp.js';
import { TOKEN } from '../kit/token.js';

/** Our own gateway, in this process; what it writes goes nowhere. */
async function startOwn(options?: CreateOptions): Promise<GatewayLockService> {
  const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  onCleanUp(() => written.mockRestore());
  const stateFolder = tempFolder();
  const profile = { name: 'default', stateFolder, configFile: `${stateFolder}/openclaw.json` };
  const settings = await chooseSettings(profile, { port: String(await freePort()), token: TOKEN }, {});
  const app = await createGatewayApp(settings, options);
  onCleanUp(() => app.close());
  await app.init();
  return app.get(GatewayLockService);
}

async function messages(operator: Operator): Promise<string[]> {
  const { lines } = (await operator.call('logs.tail')).payload as { lines: string[] };
  return lines.map((line) => (JSON.parse(line) as { message: string }).message);
}

describe('our own gateway', () => {
  it('shows its log to its clients', async () => {
    const { url } = await startOwn();
    const operator = await Operator.open(url);
    await operator.call('health');

    expect(await messages(operator)).toEqual([
      expect.stringContaining(`holds ${url}`),
      `ready: gateway listening on ${url}`,
      expect.stringMatching(/^client \S+ \(test 1\.0\.0 at 127\.0\.0\.1\) came in, mode backend$/),
    ]);
  });

  it('logs each request where it is asked to, refused ones with what was asked', async () => {
    const { url } = await startOwn({ verbosity: 1 });
    const operator = await Operator.open(url);
    await operator.call('health');
    await operator.call('chat.send\u001b[2J');

    expect((await messages(operator)).slice(-2)).toEqual([
      expect.stringMatching(/^health: ok, \d+\.\d ms$/),
      expect.stringMatching(/^this gateway runs no agents: chat\.send\ufffd\[2J: error, \d+\.\d ms$/),
    ]);
  });

  it('says why it cannot start anew', async () => {
    const { url, phase } = await startOwn();
    const operator = await Operator.open(url);

    // This process has not run it to its end, and so has not told it that it is ready. As a worker of Jest it has a parent
    // that listens to it.
    const because = process.send ? /its parent process has a channel to it/ : /it is not ready/;
    expect((await operator.call('gateway.restart.request')).error?.message).toMatch(
      canStartAnew ? because : /cannot replace the program of a process/,
    );
    expect(phase).toBe('ready');
  });
});

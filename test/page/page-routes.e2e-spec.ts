import { Controller, Get, Module } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';

import { ControlPageModule } from '../../src/index.js';
import { onCleanUp } from '../kit/cleaner.js';
import { httpUrl, startApp } from '../kit/app.js';
import { startControl } from '../kit/control.js';
import { Operator } from '../kit/operator.js';

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The page is built for the process specs; here there are no files of it, which a gateway says. */
const UNREADABLE = 'the page of this gateway cannot be read: install it again';

@Controller()
class OwnController {
  @Get()
  root(): string {
    return 'of the app itself';
  }
}

/** Its routes come after those of every module that is imported ahead of it. */
@Module({ controllers: [OwnController] })
class OwnModule {}

function headersOf(response: Response): object {
  return Object.fromEntries(Object.keys(HEADERS).map((name) => [name, response.headers.get(name)]));
}

describe('the routes of the control page', () => {
  it.each(['/', '/page/page.js', '/page/page.css', '/page/icon.svg'])(
    '%s let a browser do nothing but what the page does',
    async (path) => {
      const { lock } = await startControl({ imports: [ControlPageModule] });

      const answer = await fetch(httpUrl(lock.url, path));

      expect(headersOf(answer)).toEqual(HEADERS);
      expect([answer.status, await answer.text()]).toEqual([500, UNREADABLE]);
    },
  );

  it('are refused to a page of another origin, and to a name that is not the gateway’s', async () => {
    const { lock } = await startControl({ imports: [ControlPageModule] });

    const foreign = await fetch(httpUrl(lock.url), { headers: { Origin: 'https://evil.example' } });
    const embedded = await fetch(httpUrl(lock.url), { headers: { 'Sec-Fetch-Site': 'cross-site' } });

    expect([foreign.status, embedded.status]).toEqual([403, 403]);
  });

  it('are not there without the module', async () => {
    const { lock } = await startControl();

    expect((await fetch(httpUrl(lock.url))).status).toBe(404);
  });

  it.each([
    ['Express', undefined],
    ['Fastify', new FastifyAdapter()],
  ])('leave / to the app, where it has a route of its own there (%s)', async (_name, http) => {
    const imports = [ControlPageModule, OwnModule];
    const { lock } = await startApp({ imports, ...(http && { http }) });

    const own = await fetch(httpUrl(lock.url));
    const script = await fetch(httpUrl(lock.url, '/page/page.js'));

    expect(await own.text()).toBe('of the app itself');
    expect(await script.text()).toBe(UNREADABLE);
    expect(headersOf(script)).toEqual(HEADERS);
  });

  it('leave / to the app on the gateway’s own HTTP side too', async () => {
    const { lock } = await startControl({ imports: [ControlPageModule, OwnModule] });

    expect(await (await fetch(httpUrl(lock.url))).text()).toBe('of the app itself');
  });
});

describe('ControlPageModule in an app without the lock', () => {
  it.each([
    ['bare', ControlPageModule],
    ['with options', ControlPageModule.forRoot({})],
  ])('%s says what to import', async (_how, module) => {
    const compiled = Test.createTestingModule({ imports: [module] }).compile();

    await expect(compiled).rejects.toThrow(
      'ControlPageModule shows a gateway that holds the lock: import GatewayLockModule.forRoot() in the root module too',
    );
  });
});

describe('page.context', () => {
  it('names the commands of the program for this profile, the profiles of the user, and what checks have found', async () => {
    const conflicts = [{ name: 'work', port: 19_002 }];
    const profile = { name: 'default', port: 19_000, from: 'flag', conflicts, problem: null };
    const check = { check: 'clock', level: 'note', text: 'it is late' } as const;
    const page = ControlPageModule.forRoot({
      program: 'acme',
      profiles: () => Promise.resolve([profile]),
      checks: () => Promise.resolve([check]),
    });
    const { lock } = await startControl({ imports: [page], lock: { identity: { profile: 'work' } } });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('page.context')).payload).toEqual({
      commands: [
        { what: 'logs', command: 'acme gateway --profile work logs' },
        { what: 'restart', command: 'acme gateway --profile work restart' },
        { what: 'stop', command: 'acme gateway --profile work stop' },
      ],
      profiles: [profile],
      checks: [check],
    });
  });

  it('is looked up once for all that ask at once, and again some time later', async () => {
    const checks = jest.fn(() => Promise.resolve([]));
    const { lock } = await startControl({ imports: [ControlPageModule.forRoot({ checks })] });
    const operator = await Operator.open(lock.url);
    const ask = (): Promise<unknown> => operator.call('page.context');

    await Promise.all(Array.from({ length: 50 }, ask));
    await ask();
    expect(checks).toHaveBeenCalledTimes(1);

    const now = performance.now();
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now + 60_000);
    onCleanUp(() => clock.mockRestore());
    await ask();
    expect(checks).toHaveBeenCalledTimes(2);
  });

  it('is looked up again after a check has failed', async () => {
    const checks = jest.fn(() => Promise.resolve([])).mockRejectedValueOnce(new Error('once'));
    const { lock } = await startControl({ imports: [ControlPageModule.forRoot({ checks })] });
    const operator = await Operator.open(lock.url);

    expect(await operator.call('page.context')).toMatchObject({ ok: false });
    expect(await operator.call('page.context')).toMatchObject({ ok: true });
  });

  it('is empty where the app says nothing of them', async () => {
    const { lock } = await startControl({ imports: [ControlPageModule] });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('page.context')).payload).toEqual({ commands: [], profiles: [], checks: [] });
  });
});

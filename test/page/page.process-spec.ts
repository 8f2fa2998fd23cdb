import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

import { watchHolder } from '../../src/holder/watch-holder.js';
import { Chromium, NO_CHROMIUM } from '../kit/chromium.js';
import { onCleanUp } from '../kit/cleaner.js';
import { ControlPage } from '../kit/control-page.js';
import { startGateway } from '../kit/gateway.js';
import { Home } from '../kit/home.js';
import { Client, portOf } from '../kit/net.js';
import { knock, Operator } from '../kit/operator.js';
import { freePort } from '../kit/ports.js';
import { fixture, Program, ROOT } from '../kit/program.js';
import { proven } from '../kit/proven.js';
import { tempFolder } from '../kit/temp.js';
import { TOKEN } from '../kit/token.js';

const READER = 'Zr8Qw3Ty6Ui1Op4As7Df9Gh2Jk5Lx0CvBnMeRtYuIaS';
const HOSTILE = '<img src=x onerror="window.hacked = true">';
const START_DEADLINE_MS = 240_000;
const CLIENTS = 1_000;
const CLIENTS_AT_A_TIME = 50;

const reason = NO_CHROMIUM === undefined ? '' : ` (${NO_CHROMIUM})`;

(NO_CHROMIUM === undefined ? describe : describe.skip)(`the control page in a real browser${reason}`, () => {
  let browser: Chromium;

  beforeAll(async () => {
    // Chromium's own guard of loopback, which other browsers lack, would keep some requests from the gateway.
    browser = await Chromium.start(['--disable-features=LocalNetworkAccessChecks']);
  }, START_DEADLINE_MS);
  afterAll(() => browser.end());

  it('without a token shows the card, and a field for the token', async () => {
    const { port, program } = await startGateway();
    const control = await ControlPage.open(browser, port);
    const { page } = control;

    const head = await fetch(control.origin, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    await control.state('Locked');
    const card = control.panel('This gateway');
    for (const text of [`ws://127.0.0.1:${port}`, 'ready', 'this machine only', String(program.pid), 'default']) {
      await card.getByText(text, { exact: true }).waitFor();
    }
    await page.getByText('openclaw gateway open', { exact: true }).waitFor();
    expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual(['This gateway']);
    expect(await control.inspect('locked', true)).toEqual([]);

    await page.getByLabel('Token', { exact: true }).fill(TOKEN);
    await page.keyboard.press('Enter');
    await control.state('Connected');
    expect(control.faults).toEqual([]);
  });

  it('with a token shows clients, refusals, profiles and commands, and keeps the token out of sight', async () => {
    const { port, url } = await startGateway();
    const operator = await Operator.open(url);
    await knock(await Client.open(url), { auth: { token: 'a-wrong-token' } });
    const control = await ControlPage.open(browser, port, TOKEN);
    const { page } = control;

    await control.state('Connected');
    await operator.call('health');
    const row = control.panel('Clients').getByRole('row', { name: /^test 1\.0\.0 test backend 127\.0\.0\.1 .* 1$/ });
    await row.waitFor();
    await control
      .panel('Clients')
      .getByRole('row', { name: /^control-page / })
      .waitFor();
    await control.panel('Refused').getByRole('row', { name: 'token mismatch 1' }).waitFor();
    await control
      .panel('Profiles of this user')
      .getByRole('row', { name: `default ${port} ` })
      .waitFor();
    await control.panel('In a terminal').getByText('openclaw gateway stop', { exact: true }).waitFor();
    await control.panel('Checks').getByText('no process waits to take over').waitFor();
    for (const plot of [/^Requests a second: now \d/, /^Event-loop delay: now .+ ms/, /^Memory: now \d+ MB/]) {
      await page.getByRole('img', { name: plot }).waitFor();
    }

    expect(page.url()).toBe(`http://127.0.0.1:${port}/`);
    expect(await page.context().cookies()).toEqual([]);
    expect(await page.evaluate('Object.values(localStorage)')).toEqual([]);
    expect(await page.content()).not.toContain(TOKEN);
    expect(await control.inspect('connected', true)).toEqual([]);

    await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch');
    await control.state('Verbunden');
    expect(await page.evaluate('document.documentElement.lang')).toBe('de');
    await control.panel('Abgewiesen').getByRole('row', { name: 'falscher Token 1' }).waitFor();
    expect(await control.inspect('connected-german')).toEqual([]);

    await page.reload();
    await control.state('Verbunden');
    expect(control.faults).toEqual([]);
  });

  it('with a wrong token says so, and shows no more than the card', async () => {
    const { port } = await startGateway();
    const control = await ControlPage.open(browser, port, 'a-wrong-token');

    await control.page.getByText('The gateway does not know this token. Another one is needed.').waitFor();
    expect(await control.page.getByRole('heading', { level: 2 }).allTextContents()).toEqual(['This gateway']);
    expect(await control.page.evaluate('Object.values(sessionStorage)')).toEqual([]);
    expect(await control.inspect('wrong-token')).toEqual([]);

    await control.page.goto(`${control.origin}/#token=${TOKEN}`);
    await control.state('Connected');
    expect(control.faults).toEqual([]);
  });

  it('says that the gateway restarts, comes back by itself, and says that it is gone', async () => {
    const { port, program, url } = await startGateway();
    const control = await ControlPage.open(browser, port, TOKEN);
    await control.state('Connected');
    const operator = await Operator.open(url);

    await operator.call('gateway.shutdown', { restartExpectedMs: 2_000 });
    await control.page.getByText('The gateway is restarting, expected in 2 s.').waitFor();
    await control.state('Restarting');
    await program.exit();
    const successor = await startGateway(port);
    await control.state('Connected');

    successor.program.signal('SIGKILL');
    await control.state('Gone');
    await control.page.getByText('The gateway is gone. The page keeps trying to reach it.').waitFor();
    expect(await control.inspect('gone')).toEqual([]);
    await successor.program.exit();
    await startGateway(port);
    await control.state('Connected');
    expect(control.faults).toEqual([]);
  });

  it('says that a frozen gateway does not answer', async () => {
    const { port, program } = await startGateway();
    const control = await ControlPage.open(browser, port, TOKEN);
    await control.state('Connected');

    program.signal('SIGSTOP');
    await control.state('No answer');
    program.signal('SIGCONT');
    await control.state('Connected');
  });

  it('stops the gateway only when a person has confirmed it, by the keyboard too', async () => {
    const { port, program } = await startGateway();
    const control = await ControlPage.open(browser, port, TOKEN);
    const { page } = control;
    const stop = control.panel('Actions').getByRole('button', { name: 'Stop…' });

    await stop.focus();
    await page.keyboard.press('Enter');
    const question = page.getByRole('dialog', { name: 'Stop this gateway?' });
    await question.waitFor();
    expect(await control.inspect('confirm')).toEqual([]);
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    expect(await Operator.open(`ws://127.0.0.1:${port}`)).toBeDefined();

    await stop.click();
    await question.getByRole('button', { name: 'Stop' }).click();
    await control.state('Gone');
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('asks for a restart only when a person has confirmed it', async () => {
    const { control } = await openFixture(browser, TOKEN);

    await control.panel('Actions').getByRole('button', { name: 'Restart…' }).click();
    const question = control.page.getByRole('dialog', { name: 'Restart this gateway?' });
    await question.getByRole('button', { name: 'Restart' }).click();
    await control.state('Restarting');
    await control.page.getByText(/^The gateway is restarting, expected in \d+ s\.$/).waitFor();
    expect(await control.inspect('restarting')).toEqual([]);
  });

  it('shows findings, conflicts of ports and who waits, in German too, and copies commands', async () => {
    const { control } = await openFixture(browser, READER);
    const { page, origin } = control;
    const [checks, pruefungen] = [control.panel('Checks'), control.panel('Prüfungen')];
    const end = new AbortController();
    onCleanUp(() => end.abort());
    void watchHolder({ host: '127.0.0.1', port: Number(new URL(origin).port) }, { signal: end.signal });

    await checks.getByText('1 process waits to take over').waitFor();
    await checks.getByText('3 MiB are free at /var: the log alone may take 60 MiB: make room').waitFor();
    const conflict = 'work 19002 its configuration file default (19000)';
    await control.panel('Profiles of this user').getByRole('row', { name: conflict }).waitFor();

    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    await page.getByRole('button', { name: 'Copy: acme gateway logs' }).click();
    await page.getByText('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('acme gateway logs');

    await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch');
    await pruefungen
      .getByText('bei /var sind 3 MiB frei: das Protokoll allein kann 60 MiB brauchen: schaffen Sie Platz')
      .waitFor();
    await page.getByRole('img', { name: /^Verzug der Ereignisschleife: jetzt \d+,\d ms/ }).waitFor();
    await pruefungen.locator('[lang=en]', { hasText: 'a sentence of acme' }).waitFor();
    expect(await control.inspect('findings-german', true)).toEqual([]);
    expect(control.faults).toEqual([]);
  });

  it('with a token that allows to read alone offers nothing that changes the gateway', async () => {
    const { control } = await openFixture(browser, READER);

    const buttons = control.panel('Actions').getByRole('button');
    await control.state('Connected');
    expect(await buttons.allTextContents()).toEqual(['Forget the token']);
    await buttons.click();
    await control.state('Locked');
    expect(await control.page.evaluate('Object.values(sessionStorage)')).toEqual([]);
  });

  it('is opened with its token by the file that `openclaw gateway open` makes', async () => {
    const home = new Home();
    const port = await freePort();
    await home.serve(['gateway', '--port', port]);
    // A program that is there on every system, and does nothing with the address.
    const folder = tempFolder();
    symlinkSync('/bin/true', join(folder, 'xdg-open'));
    const env = { PATH: [folder, process.env['PATH']].join(delimiter), DISPLAY: ':0' };
    expect((await home.run(['gateway', 'open'], env)).code).toBe(0);

    const page = await browser.open(pathToFileURL(join(home.stateFolder(), 'open.html')).href);

    await page.locator('header .mark', { hasText: 'Connected' }).waitFor();
    expect(page.url()).toBe(`http://127.0.0.1:${port}/`);
  });

  it('shows what a hostile client says of itself as text', async () => {
    const { port, url } = await startGateway();
    const about = { id: HOSTILE, version: HOSTILE, platform: '"><script>', mode: '{{7*7}}' };
    await Operator.open(url, { params: { client: about } });
    const control = await ControlPage.open(browser, port, TOKEN);

    await control.panel('Clients').getByRole('cell', { name: HOSTILE }).first().waitFor();
    expect(await control.page.evaluate('[window.hacked, document.images.length]')).toEqual([undefined, 0]);
    expect(control.faults).toEqual([]);
  });

  it('lists a thousand clients, and draws those alone that change', async () => {
    const { port, url } = await startGateway();
    const operator = await Operator.open(url);
    for (let clients = 1; clients < CLIENTS;) {
      const count = Math.min(CLIENTS_AT_A_TIME, CLIENTS - clients);
      const others = await Promise.all(Array.from({ length: count }, () => Operator.open(url)));
      // Each hears of all that come after it, and to parse that would take longer than the page does.
      for (const { client } of others) client.socket.removeAllListeners('message');
      clients += count;
    }
    const control = await ControlPage.open(browser, port, TOKEN);
    const { page } = control;
    await control.comesTrue(`document.querySelectorAll('.clients tbody tr').length === ${CLIENTS + 1}`);
    const frames = page.evaluate<number[]>(FRAME_TIMES);
    await page.evaluate(COUNT_CHANGED_ROWS);

    await operator.call('health');
    // The other row is that of the page itself, which asks all the time.
    await control.comesTrue(`window.changedRows.size > 1`);

    const times = (await frames).sort((one, other) => one - other);
    expect(await page.evaluate('window.changedRows.size')).toBe(2);
    const [middle, last] = [times[Math.floor(times.length / 2)], times.at(-1)];
    proven(
      `page: with ${CLIENTS} clients a frame took ${middle?.toFixed(0) ?? '?'} ms at the median, ${last?.toFixed(0) ?? '?'} ms at most`,
    );
    await control.picture('thousand-clients');
  });

  it('follows a log of 500 lines a second, without a gap, and filters it by level', async () => {
    const { control } = await openFixture(browser, TOKEN, 500);
    const { page } = control;
    const log = page.locator('.log li');

    await control.comesTrue(`document.querySelectorAll('.log li').length === 500`);
    const numbers = (await log.allTextContents()).map((text) => Number(/ line (\d+) /.exec(text)?.[1]));
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, index) => (numbers[0] ?? 0) + index));
    await control.comesTrue(SCROLLED_TO_END);

    await page.getByRole('combobox', { name: 'Level' }).selectOption('warnings');
    await control.comesTrue(`document.querySelectorAll('.log li.info').length === 0`);
    expect(await log.first().textContent()).toContain(' warn gateway line ');
    expect(await page.evaluate('document.images.length')).toBe(0);
    expect(await control.inspect('log')).toEqual([]);
    expect(control.faults).toEqual([]);
  });

  it('can neither be embedded nor read by a page of another origin', async () => {
    const { port } = await startGateway();
    const server = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html').end(`<iframe src="http://127.0.0.1:${port}/"></iframe>`);
    });
    onCleanUp(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const page = await browser.open(`http://127.0.0.1:${portOf(server)}/`);

    const [frame] = page.mainFrame().childFrames();
    expect(await frame?.content()).not.toContain('page/page.js');
    for (const path of ['/', '/page/page.js', '/page/page.css']) {
      const url = `http://127.0.0.1:${port}${path}`;
      expect(await page.evaluate(`fetch('${url}').then(() => 'read', () => 'nothing')`)).toBe('nothing');
      const load = `new Promise((done) => { const script = document.createElement('script'); script.onload = () => done('loaded'); script.onerror = () => done('nothing'); script.src = '${url}'; document.body.append(script); })`;
      expect(await page.evaluate(load)).toBe('nothing');
    }
  });
});

describe('the files of the control page', () => {
  it('are at most 60 KB compressed', () => {
    const folder = join(ROOT, 'dist/page/files');
    const sizes = readdirSync(folder).map((file) => gzipSync(readFileSync(join(folder, file))).length);
    const bytes = sizes.reduce((sum, one) => sum + one, 0);

    proven(`page: ${bytes} bytes compressed, in ${sizes.length} files`);
    expect(sizes.length).toBe(4);
    expect(bytes).toBeLessThanOrEqual(60_000);
  });
});

/** An app of one's own with the page. */
async function openFixture(browser: Chromium, token: string, rate = 0): Promise<{ control: ControlPage }> {
  const port = await freePort();
  const program = Program.node(fixture('page-gateway'), [port, TOKEN, READER, rate]);
  await program.output('stdout', /^gateway listening on/m);
  return { control: await ControlPage.open(browser, port, token) };
}

/** How long each frame took, in milliseconds, over some seconds in which the page asks for the clients. */
const FRAME_TIMES = `new Promise((done) => {
  const times = [];
  const start = performance.now();
  let before = start;
  const frame = (now) => {
    times.push(now - before);
    before = now;
    if (now - start > 2_000) done(times);
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})`;

const COUNT_CHANGED_ROWS = `void (() => {
  window.changedRows = new Set();
  const observer = new MutationObserver((changes) => {
    for (const { target } of changes) window.changedRows.add(target.parentElement?.closest('tr') ?? target);
  });
  observer.observe(document.querySelector('.clients tbody'), { subtree: true, childList: true, characterData: true });
})()`;

const SCROLLED_TO_END = `(() => {
  const box = document.querySelector('.log .scroll');
  return box.scrollHeight - box.scrollTop - box.clientHeight < 20;
})()`;

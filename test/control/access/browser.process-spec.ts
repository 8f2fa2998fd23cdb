import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Frame, Page } from 'playwright-core';

import { Chromium, NO_CHROMIUM } from '../../kit/chromium.js';
import { onCleanUp } from '../../kit/cleaner.js';
import { startGateway, type RunningGateway } from '../../kit/gateway.js';
import { askForHealth, embed, eventsOfSocket, read } from '../../kit/in-page.js';
import { trouble } from '../../kit/log.js';
import { portOf } from '../../kit/net.js';
import { freePort } from '../../kit/ports.js';
import { ABOUT } from '../../kit/operator.js';
import { BIN, Program } from '../../kit/program.js';
import { tempFolder } from '../../kit/temp.js';
import { TOKEN } from '../../kit/token.js';

const PROBES = ['/healthz', '/readyz', '/.well-known/gateway'];
const NEVER_OPEN = ['error', 'close'];
/** A name of the attacker's, which has come to mean this machine since the page was loaded. */
const REBOUND = 'rebind.example';
const FLAGS = [
  `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`,
  // Chromium's own guard of loopback, which other browsers lack, would keep some requests from the gateway.
  '--disable-features=LocalNetworkAccessChecks',
];
/** As many as the log has of one kind before it only counts them. */
const LINES_OF_ONE_KIND = 5;
const START_DEADLINE_MS = 120_000;

const reason = NO_CHROMIUM === undefined ? '' : ` (${NO_CHROMIUM})`;

(NO_CHROMIUM === undefined ? describe : describe.skip)(`a page in a real browser${reason}`, () => {
  let browser: Chromium;

  beforeAll(async () => {
    browser = await Chromium.start(FLAGS);
  }, START_DEADLINE_MS);
  afterAll(() => browser.end());

  it('of another origin can neither open the socket nor read a probe', async () => {
    const { program, port, url } = await startGateway();
    const page = await browser.open(await serve('<p>of the attacker'));

    expect(await page.evaluate(eventsOfSocket, url)).toEqual(NEVER_OPEN);
    for (const path of PROBES) {
      const probe = `http://127.0.0.1:${port}${path}`;
      expect(await page.evaluate(read, { url: probe })).toBe('nothing');
      // Such requests name no origin, and of an answer a page could tell whether it was a good one.
      const blind = await page.evaluate(read, { url: probe, mode: 'no-cors' as const });
      expect(blind).toEqual({ type: 'opaque', status: 0, text: '' });
      expect(await page.evaluate(embed, probe)).toBe('error');
    }
    await refused(program, 'origin not allowed', LINES_OF_ONE_KIND);
  });

  it('of a name that was rebound to this machine can neither open the socket nor read a probe', async () => {
    const { program, port } = await startGateway();
    const page = await browser.page();
    const url = `http://${REBOUND}:${port}/`;
    // The one answer that the attacker's own server gives.
    await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: '<p>of the attacker' }));
    await page.goto(url);
    await page.unrouteAll();

    expect(await page.evaluate(eventsOfSocket, `ws://${REBOUND}:${port}`)).toEqual(NEVER_OPEN);
    for (const path of PROBES) {
      // The browser takes it for the same origin, so that the page can read whatever the answer holds.
      expect(await page.evaluate(read, { url: path })).toEqual({ type: 'basic', status: 403, text: '' });
    }
    await refused(program, 'host not allowed', 1 + PROBES.length);
  });

  it.each<[string, (page: Page, origin: string) => Promise<Page | Frame>]>([
    ['a sandboxed frame, in a page that may', sandboxedFrame],
    ['a data: address', (page) => goTo(page, 'data:text/html,<p>of the attacker')],
    ['a file', (page) => goTo(page, fileAddress())],
  ])('without an origin (%s) can neither open the socket nor read a probe', async (_of, load) => {
    const origin = await serve('<iframe sandbox="allow-scripts" srcdoc="<p>of the attacker"></iframe>');
    const { program, port, url } = await startGatewayFor(origin);
    const page = await load(await browser.page(), origin);

    expect(await page.evaluate('origin')).toBe('null');
    expect(await page.evaluate(eventsOfSocket, url)).toEqual(NEVER_OPEN);
    for (const path of PROBES) {
      expect(await page.evaluate(read, { url: `http://127.0.0.1:${port}${path}` })).toBe('nothing');
    }
    await refused(program, 'origin not allowed', 1 + PROBES.length);
  });

  it('of an origin that is allowed is an operator like any other, and reads the probes', async () => {
    const origin = await serve('<p>of a friend');
    const { program, port, url } = await startGatewayFor(origin);
    const page = await browser.open(origin);

    await expectToOperate(page, url);
    for (const path of PROBES) {
      const answer = await page.evaluate(read, { url: `http://127.0.0.1:${port}${path}` });
      expect(answer).toMatchObject({ type: 'cors', status: 200 });
      expect(JSON.parse(answer === 'nothing' ? '' : answer.text)).toBeInstanceOf(Object);
    }
    expect(trouble(program.stderr)).toBe('');
  });

  it('of the gateway itself is an operator like any other, by each name of this machine', async () => {
    const { program, port, url } = await startGateway();

    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const page = await browser.open(`http://${name}:${port}/healthz`);
      for (const address of [url, `ws://${name}:${port}`]) await expectToOperate(page, address);
    }
    expect(trouble(program.stderr)).toBe('');
  });
});

/** The address of a web server that has one page only. */
async function serve(html: string): Promise<string> {
  const server = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end(html));
  onCleanUp(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${portOf(server)}`;
}

async function startGatewayFor(origin: string): Promise<RunningGateway> {
  const port = await freePort();
  const program = Program.node(BIN, ['gateway', '--port', port, '--allow-origin', origin]);
  await program.output('stdout', /^gateway listening on/m);
  return { program, port, url: `ws://127.0.0.1:${port}` };
}

async function goTo(page: Page, url: string): Promise<Page> {
  await page.goto(url);
  return page;
}

async function sandboxedFrame(page: Page, url: string): Promise<Frame> {
  await page.goto(url);
  const [frame] = page.mainFrame().childFrames();
  if (!frame) throw new Error(`the page at ${url} has no frame`);
  return frame;
}

function fileAddress(): string {
  const file = join(tempFolder(), 'page.html');
  writeFileSync(file, '<p>of the attacker');
  return pathToFileURL(file).href;
}

async function expectToOperate(page: Page, url: string): Promise<void> {
  const params = { ...ABOUT, auth: { token: TOKEN } };
  const [hello, health] = await page.evaluate(askForHealth, { url, params });
  expect(hello).toMatchObject({ type: 'hello-ok', protocol: 4 });
  expect(health).toMatchObject({ ok: true });
}

/** The browser withholds much from a page by itself; this shows that the gateway was asked, and refused. */
async function refused(program: Program, why: string, times: number): Promise<void> {
  const line = `"message":"refused a request from 127\\.0\\.0\\.1: ${why}(?:: [^"]*)?"`;
  await program.output('stderr', new RegExp(`(?:${line}[^]*?){${times}}`));
}

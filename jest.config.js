import { availableParallelism } from 'node:os';

/**
 * Nest 12 is ESM and Jest runs CommonJS, so our sources and Nest's own are compiled down for the tests; the built output
 * is what processes under test run.
 */
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.{spec,e2e-spec,process-spec}.ts'],
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!@nestjs/)'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  coverageProvider: 'v8',
  runtime: '<rootDir>/test/kit/coverage-runtime.js',
  collectCoverageFrom: ['src/**/*.ts', '!src/page/browser/**'],
  coverageReporters: ['text'],
  // The lock itself in every line and branch. The other rooms keep what they have; what their process specs run is the
  // built output, which does not count here.
  coverageThreshold: {
    './src/listener/': { lines: 100, branches: 98 },
    './src/options/': { lines: 100, branches: 100 },
    './src/serving/': { lines: 100, branches: 99 },
    './src/lock/': { lines: 100, branches: 100 },
    './src/common/': { lines: 97, branches: 91 },
    './src/holder/': { lines: 95, branches: 87 },
    './src/state-folder/': { lines: 97, branches: 85 },
    './src/control/': { lines: 97, branches: 95 },
    './src/service/': { lines: 87, branches: 87 },
    './src/fleet/': { lines: 98, branches: 92 },
    './src/config/': { lines: 95, branches: 93 },
    './src/launcher/': { lines: 84, branches: 84 },
    './src/doctor/': { lines: 95, branches: 91 },
    './src/testing/': { lines: 98, branches: 90 },
    './src/page/': { lines: 93, branches: 91 },
    './src/process/': { lines: 95, branches: 91 },
    './src/cli/': { lines: 78, branches: 84 },
  },
  setupFilesAfterEnv: ['<rootDir>/test/kit/process-specs.js', '<rootDir>/test/kit/clean-up.ts'],
  reporters: ['default', '<rootDir>/test/kit/summary-reporter.js'],
  // Specs wait for processes of their own for a third of their time: with a worker a processor, some would be idle.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  // A worker ends by itself unless a test has left something open. On a busy machine its end takes longer than the 500 ms
  // after which Jest warns of it by default.
  workerGracefulExitTimeout: 10_000,
  testTimeout: 30_000,
};

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
  collectCoverageFrom: ['src/**/*.ts', '!src/page/browser/**'],
  coverageReporters: ['text'],
  // The lock itself in every line and branch. The other rooms keep what they have; what their process specs run is the
  // built output, which does not count here.
  coverageThreshold: {
    './src/listener/': { lines: 100, branches: 98 },
    './src/options/': { lines: 100, branches: 100 },
    './src/serving/': { lines: 99, branches: 98 },
    './src/lock/': { lines: 100, branches: 100 },
    './src/common/': { lines: 98, branches: 92 },
    './src/holder/': { lines: 96, branches: 88 },
    './src/state-folder/': { lines: 98, branches: 86 },
    './src/control/': { lines: 98, branches: 95 },
    './src/config/': { lines: 96, branches: 94 },
    './src/launcher/': { lines: 85, branches: 85 },
    './src/doctor/': { lines: 96, branches: 92 },
    './src/testing/': { lines: 98, branches: 90 },
    './src/page/': { lines: 94, branches: 92 },
    './src/process/': { lines: 79, branches: 92 },
  },
  setupFilesAfterEnv: ['<rootDir>/test/kit/process-specs.js', '<rootDir>/test/kit/clean-up.ts'],
  reporters: ['default', '<rootDir>/test/kit/summary-reporter.js'],
  // Most specs wait for processes of their own; one worker would leave a processor idle.
  maxWorkers: '100%',
  testTimeout: 30_000,
};

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
  // The lock itself, in every line and branch.
  collectCoverageFrom: ['src/{listener,options,serving,lock}/**/*.ts'],
  coverageReporters: ['text'],
  coverageThreshold: { global: { lines: 100, branches: 100 } },
  setupFilesAfterEnv: ['<rootDir>/test/kit/process-specs.js', '<rootDir>/test/kit/clean-up.ts'],
  reporters: ['default', '<rootDir>/test/kit/summary-reporter.js'],
  // Most specs wait for processes of their own; one worker would leave a processor idle.
  maxWorkers: '100%',
  testTimeout: 30_000,
};

import config from './jest.config.js';

/** The specs of the lock that run in the test's own process: what Stryker changes is not in the built output. */
export default {
  ...config,
  testMatch: ['<rootDir>/test/{listener,serving,lock}/**/*.{spec,e2e-spec}.ts'],
  coverageThreshold: undefined,
  reporters: [],
};

// What the bundles of the command and those of the fixtures of tests have in common.

/** What is left out of every bundle. */
export const EXTERNAL = [
  // What Nest and nest-commander look for and can do without.
  '@nestjs/platform-socket.io',
  'class-transformer',
  'class-validator',
  'file-type',
  'prettier',
  'typescript',
  // Native.
  'bufferutil',
  'koffi',
  'pg-native',
  'utf-8-validate',
];

/** Nest loads all of it where it finds it, as beside an app that uses it, and no bundle has a use for it. */
export const noMicroservices = {
  name: 'no microservices',
  setup({ onResolve }) {
    onResolve({ filter: /^@nestjs\/microservices/ }, () => ({ path: './no-microservices.js', external: true }));
  },
};

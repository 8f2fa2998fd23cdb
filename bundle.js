import { build } from 'esbuild';

/**
 * Makes one script of the built `openclaw` command and all that it loads, since finding and reading a thousand files is
 * most of a start. From the built JavaScript, which has the metadata of the decorators; readable, so that a stack says
 * where.
 */
await build({
  entryPoints: ['dist/cli.js'],
  outdir: 'dist/bin',
  bundle: true,
  // What a refusal or a start does not need stays in files of its own.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Nest tells modules apart by the names of their classes.
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
  },
  external: [
    // Nest's own adapter requires it by name: there must not be two.
    'ws',
    // Loaded when somebody asks for it, by names that a bundled CommonJS module does not have.
    'prom-client',
    // What Nest and nest-commander look for and can do without.
    '@nestjs/microservices',
    '@nestjs/platform-express',
    '@nestjs/platform-socket.io',
    'class-transformer',
    'class-validator',
    'prettier',
    'typescript',
    // Native, or for another platform.
    'bufferutil',
    'pid-port',
  ],
});

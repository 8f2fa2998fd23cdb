import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'esbuild';

import { EXTERNAL, noMicroservices } from '../../bundle-parts.js';

// Bundles the compiled fixtures with Nest and this package as it is built: a thousand files fewer to find and to read
// halve the processor time of a start, and a run has hundreds of them. How an app loads the files of the package as they
// are is the affair of the specs of the packed package, of `nest new` and of the samples.

const COMPILED = 'build/compiled/fixtures';
const BUNDLED = 'build/fixtures';

const OPTIONS = {
  outdir: BUNDLED,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Nest tells modules apart by the names of their classes.
  keepNames: true,
  // The package as it is built: the paths of the compiler lead to its sources.
  tsconfigRaw: {},
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
  },
  plugins: [noMicroservices],
  external: [
    // Has to be there before the first decorator.
    'reflect-metadata',
    // Nest's adapter loads it by itself, and has to get the same one.
    'ws',
    // Finds its files beside its own.
    '@sparticuz/chromium',
    ...EXTERNAL,
  ],
};

// A chunk has its content in its name, and those of earlier builds would stay.
rmSync(BUNDLED, { recursive: true, force: true });
const fixtures = readdirSync(COMPILED).map((file) => join(COMPILED, file));
// nest-commander is CommonJS: with it in a bundle the classes of Nest are there later than the others need them.
const apart = join(COMPILED, 'commander-gateway.js');
await build({ ...OPTIONS, entryPoints: fixtures.filter((file) => file !== apart) });
await build({ ...OPTIONS, entryPoints: [apart] });
// Where the code of the package looks for them.
cpSync('dist/page/files', 'build/page/files', { recursive: true });

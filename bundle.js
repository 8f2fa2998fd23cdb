import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { EXTERNAL, noMicroservices } from './bundle-parts.js';
import { FUNCTION_HEAD, FUNCTION_TAIL } from './dist/common/cached-scripts.js';

/**
 * Makes a few scripts of the built `openclaw` command and all that it loads, since finding and reading a thousand files
 * is most of a start. From the built JavaScript, which has the metadata of the decorators; readable, so that a stack
 * says where.
 */
const OPTIONS = {
  outdir: 'dist/bin',
  bundle: true,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  target: 'node20',
  // All that is loaded goes through the `require` of the script that has begun: see src/common/cached-scripts.ts.
  supported: { 'dynamic-import': false },
  define: {
    'import.meta.url': 'bundle.url',
    // With that clock Node loads all else that it measures of performance, which no start needs.
    'performance.now': 'millisecondsNow',
  },
  banner: {
    js: [
      "const bundle = { get url() { return require('node:url').pathToFileURL(__filename).href; } };",
      'const millisecondsNow = () => { const [s, ns] = process.hrtime(); return s * 1e3 + ns / 1e6; };',
    ].join(' '),
  },
  // Nest tells modules apart by the names of their classes.
  keepNames: true,
  // All of them in one file, with those of packages that have none in their sources.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  external: ['@nestjs/platform-express', ...EXTERNAL],
};

/** What Nest loads in a way that the bundler does not see, or takes for something that may not be needed. */
const nestLoads = {
  name: 'what Nest loads',
  setup({ onLoad }) {
    // The adapter must get the `ws` that we get.
    onLoad({ filter: /platform-ws.adapters.ws-adapter\.js$/ }, ({ path }) =>
      replaced(path, ["createRequire(import.meta.url)('ws')", "require('ws')"]),
    );
    // The bundler makes functions of what may not be needed, and of all that this imports.
    onLoad({ filter: /core.nest-application\.js$/ }, ({ path }) => {
      const module = '@nestjs/websockets/socket-module.js';
      const { contents } = replaced(path, [`import('${module}')`, 'bundledSocketModule']);
      return { contents: `import * as bundledSocketModule from '${module}';\n${contents}` };
    });
    // It gets the clock that is defined above.
    onLoad({ filter: /core.injector.injector\.js$/ }, ({ path }) =>
      replaced(path, ["import { performance } from 'perf_hooks';", '']),
    );
    // For the times in its own lines of log, which a gateway does not write, Node would read its data of all languages.
    onLoad({ filter: /common.services.(console-)?logger\.service\.js$/ }, ({ path }) =>
      replaced(
        path,
        ['const dateTimeFormatter = new ', 'const dateTimeFormatter = () => new '],
        ['dateTimeFormatter.', 'dateTimeFormatter().'],
      ),
    );
  },
};

/** The parser loads what starts further programs, which no command of ours is. */
const noFurtherPrograms = {
  name: 'no further programs',
  setup({ onLoad }) {
    onLoad({ filter: /commander.lib.command\.js$/ }, ({ path }) => replaced(path, ["require('child_process')", '{}']));
  },
};

/** What scripts import where they begin, and a start does not use: each is loaded when something of it is used. */
const LATER = ['child_process', 'fs/promises', 'timers/promises', 'module', 'path-to-regexp'];
const whenUsed = {
  name: 'when used',
  setup({ onLoad, onResolve }) {
    const namespace = 'later';
    onResolve({ filter: new RegExp(`^(node:)?(${LATER.join('|')})$`) }, ({ path, namespace: from }) =>
      from === namespace ? undefined : { path, namespace },
    );
    onLoad({ filter: /^/, namespace }, ({ path }) => {
      const names = Object.keys(createRequire(import.meta.url)(path));
      const getters = names.map((name) => `get ${name}() { return require('${path}').${name}; }`);
      return { contents: `module.exports = {\n${getters.join(',\n')} };`, resolveDir: import.meta.dirname };
    });
  },
};

/** @param changes a text of the file that is there once, and what takes its place */
function replaced(path, ...changes) {
  const contents = changes.reduce(
    (contents, [text, by]) => {
      const [before, after, ...more] = contents.split(text);
      if (after === undefined || more.length > 0) throw new Error(`${path} has ${text} in another way than it did`);
      return `${before}${by}${after}`;
    },
    readFileSync(path, 'utf8'),
  );
  return { contents };
}

/** In scripts of their own, which only those load that have a use for them. */
const ofTheirOwn = (filter) => ({
  name: 'of their own',
  setup({ onResolve }) {
    onResolve({ filter }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: `./${basename(path, '.js')}.cjs`, external: true },
    );
  },
});

/** Those of packages. Only macOS and Windows, which tell of a port in no file, need `pid-port`, and only a fleet `pg`. */
const PACKAGES = ['ws', 'reflect-metadata', 'pid-port', 'pg'];
const packagesOfTheirOwn = ofTheirOwn(new RegExp(`^(${PACKAGES.join('|')})$`));

const RESOLVING = 'resolving';

/** A start needs few exports of packages that are long lists of them: the rest is left out, with what it would load. */
const onlyWhatIsUsed = {
  name: 'only what is used',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^rxjs(\/operators)?$/ }, ({ path }) => ({
      path: fileURLToPath(import.meta.resolve(path)).replace('/cjs/', '/esm/'),
      sideEffects: false,
    }));
    // The files of Nest do nothing but to define what they export; the lists themselves load what it relies on.
    onResolve({ filter: /^\./ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === RESOLVING || !/@nestjs/.test(from.importer)) return undefined;
      return { ...(await resolve(path, { ...from, pluginData: RESOLVING })), sideEffects: false };
    });
  },
};

/**
 * The page for a browser, which is served from files as they are. From the sources: there are no decorators in it.
 *
 * For browsers of the last three years or so.
 */
const PAGE = {
  entryPoints: [
    { in: 'src/page/browser/main.tsx', out: 'page' },
    { in: 'src/page/browser/page.css', out: 'page' },
  ],
  outdir: 'dist/page/files',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome110', 'firefox115', 'safari16.4'],
  define: { PAGE_VERSION: JSON.stringify(JSON.parse(readFileSync('package.json', 'utf8')).version) },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

// A chunk has its content in its name, and those of earlier builds would stay.
rmSync('dist/bin', { recursive: true, force: true });
rmSync(PAGE.outdir, { recursive: true, force: true });

// Apart, each with its own copy of what it needs, so that what passes between them is never asked for its class:
const bundles = [
  // what is run, and loads the others;
  await build({ ...OPTIONS, entryPoints: { cli: 'dist/bin.js' } }),
  // all commands, and all of a refusal;
  await build({
    ...OPTIONS,
    entryPoints: { openclaw: 'dist/cli.js' },
    plugins: [whenUsed, noMicroservices, noFurtherPrograms, packagesOfTheirOwn, ofTheirOwn(/\/load-(nest|fleet)\.js$/)],
  }),
  // what a gateway runs on, and no more than that;
  await build({
    ...OPTIONS,
    entryPoints: ['dist/cli/load-nest.js'],
    plugins: [whenUsed, noMicroservices, nestLoads, packagesOfTheirOwn, onlyWhatIsUsed],
  }),
  // what looks into the database of a fleet;
  await build({ ...OPTIONS, entryPoints: ['dist/cli/load-fleet.js'], plugins: [packagesOfTheirOwn] }),
  // what several of them may need.
  await build({ ...OPTIONS, entryPoints: Object.fromEntries(PACKAGES.map(entryOf)) }),
  // what a browser is shown.
  await build(PAGE),
];
for (const file of ['index.html', 'icon.svg']) copyFileSync(`src/page/browser/${file}`, `${PAGE.outdir}/${file}`);
for (const file of readdirSync(OPTIONS.outdir)) finish(file);
writeFileSync('dist/bin/THIRD-PARTY-NOTICES.txt', noticesOf(packagesIn(bundles)));

/** In ASCII alone, since that is read, and kept by V8, in half the bytes; the bundler leaves comments in classes as they are. */
function finish(name) {
  const file = join(OPTIONS.outdir, name);
  const text = withoutSameNames(readFileSync(file, 'utf8'));
  const ascii = text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  writeFileSync(file, name === 'cli.cjs' ? ascii : `${FUNCTION_HEAD}${ascii}${FUNCTION_TAIL}`);
}

/** The bundler gives every function and class its name anew, also where it has not changed it, and a start has thousands. */
function withoutSameNames(text) {
  return text
    .replace(/^ *__name\((\w+), "\1"\);\n/gm, '')
    .replace(/^(.*\b(\w+) = class (?:extends .* )?\{)\n *static \{\n *__name\(this, "\2"\);\n *\}\n/gm, '$1\n');
}

function entryOf(name) {
  return [name, fileURLToPath(import.meta.resolve(name))];
}

/** The folders of the packages of which there is anything in the bundles. */
function packagesIn(bundles) {
  const outputs = bundles.flatMap(({ metafile }) => Object.values(metafile.outputs));
  const files = outputs.flatMap(({ inputs }) => Object.keys(inputs).filter((file) => inputs[file].bytesInOutput > 0));
  return new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
}

/** Some packages have their license at the end of their README, and nowhere else. */
function licenseInReadme(folder) {
  const [, text] = /^#+ *licen[cs]e\b.*\n([^]*)$/im.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? [];
  if (!text?.includes('Permission is hereby granted')) throw new Error(`${folder} has no license to pass on`);
  return text.trim();
}

/** What the licenses of packages ask to be passed on with their code: the licenses, and who has the copyright. */
function noticesOf(folders) {
  const notices = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|copyright|notice)/i.test(file));
    const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
    if (files.length === 0) texts.push(licenseInReadme(folder));
    return [`${name} ${version} (${license})`, ...texts].join('\n\n');
  });
  return `In the scripts of this folder, and of the page beside it, there is code of these packages.\n\n${[...new Set(notices)].sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

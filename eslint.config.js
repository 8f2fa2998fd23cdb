import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Every file of `src`, in order: a room imports only from the rooms above it, types included. */
const rooms = [
  'common',
  'bin.ts',
  'listener',
  'options',
  'serving',
  'lock',
  'holder',
  'state-folder',
  'control/wire',
  'control/metrics',
  'control/access',
  'control/clients',
  'control/protocol',
  'control/methods',
  'control/client',
  'service',
  'fleet',
  'config',
  'launcher',
  'doctor',
  'page',
  'gateway-lock.module.ts',
  'process',
  'cli',
  'testing',
  'index.ts',
  'main.ts',
  'cli.ts',
];

const roomless = readdirSync(join(import.meta.dirname, 'src'), { recursive: true })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.tsx?$/.test(path) && !rooms.some((room) => `${path}/`.startsWith(`${room}/`)));
if (roomless.length > 0) throw new Error(`src/${roomless.join(', src/')}: give it a place among the rooms above`);

const zones = rooms.map((room, index) => ({
  target: `./src/${room}`,
  from: './src',
  except: rooms.slice(0, index + 1).map((above) => `./${above}`),
  message: `src/${room} may import only from the rooms above it in eslint.config.js`,
}));

export default tseslint.config(
  // The examples are projects of their own, which find this package only where it is installed.
  { ignores: ['dist', 'build', 'coverage', 'reports', 'node_modules', 'examples'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      'import-x/extensions': ['.ts', '.tsx', '.js'],
      'import-x/resolver-next': [
        createNodeResolver({ extensions: ['.ts', '.tsx', '.js'], extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } }),
      ],
    },
    rules: {
      // Circles, types included, are the affair of test/import-graph.spec.ts.
      'import-x/no-unresolved': ['error', { ignore: ['^(?!\\.)'] }],
      'import-x/no-restricted-paths': ['error', { zones, basePath: import.meta.dirname }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Nest declares the options of its factories as classes, for object literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Nest's modules are classes that hold nothing but their decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-empty-function': ['error', { allow: ['overrideMethods'] }],
    },
  },
  {
    files: ['test/**'],
    // Spies take methods apart from their objects.
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['src/listener/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@nestjs/*', 'nest-commander', 'rxjs', 'ws'], message: 'the listener is plain Node' }] },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
        setInterval: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
);

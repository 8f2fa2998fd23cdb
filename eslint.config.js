import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Which layer may import which: an arrow that is not listed here does not exist. */
const layers = {
  'lock/listener': [],
  lock: ['lock/listener'],
  holder: ['lock'],
  control: ['holder', 'lock'],
  profile: ['holder', 'lock'],
  service: ['holder', 'lock'],
  launcher: ['profile', 'holder', 'lock'],
};

const zones = Object.entries(layers).map(([layer, below]) => ({
  target: `./src/${layer}`,
  from: './src',
  except: [layer, ...below].map((name) => `./${name}`),
  message: `src/${layer} may import ${below.map((name) => `src/${name}`).join(', ') || 'nothing of ours'} and no other layer`,
}));

export default tseslint.config(
  { ignores: ['dist', 'build', 'coverage', 'reports', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      'import-x/extensions': ['.ts', '.js'],
      'import-x/resolver-next': [
        createNodeResolver({ extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } }),
      ],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-self-import': 'error',
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
    files: ['src/lock/listener/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@nestjs/*', 'nest-commander', 'rxjs', 'ws'], message: 'the listener is plain Node' }] },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
);

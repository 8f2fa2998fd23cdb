/* global expect, jest */
import { changedSince } from './built-from.js';

// Process specs run the built output: after an edit without a build they would test what was there before it.
const { testPath } = expect.getState();
if (testPath.endsWith('.process-spec.ts')) {
  // Beside busy processes a start takes seconds instead of a tenth of one, and a test makes several.
  jest.setTimeout(180_000);
  const root = testPath.slice(0, testPath.search(/[/\\]test[/\\]/));
  const changed =
    changedSince(root, 'dist', 'src') ?? changedSince(root, 'build', 'test/fixtures', 'dist/.built-from.json');
  if (changed !== undefined) {
    const error = new Error(`the build is older than ${changed}: npm run build && npm run build:fixtures`);
    // The sentence says what to do; a stack of this file would hide it.
    error.stack = error.message;
    throw error;
  }
}

import { fileURLToPath } from 'node:url';

const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The `openclaw` command. */
export const BIN = built('../../../dist/bin/cli.cjs');

/** @param name of a file of `src`, without its ending */
export function builtUnbundled(name: string): string {
  return built(`../../../dist/${name}.js`);
}

/** @param name of a file of this folder, without its ending */
export function builtScript(name: string): string {
  return built(`../${name}.js`);
}

/** @param name of a file of this folder that is run as it was written, with its ending */
export function writtenScript(name: string): string {
  return built(`../../../bench/${name}`);
}

/** @param name of a file of `test/fixtures`, without its ending */
export function builtFixture(name: string): string {
  return built(`../../fixtures/${name}.js`);
}

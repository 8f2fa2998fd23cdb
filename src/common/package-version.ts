/**
 * The version of this package. A constant, since a program that is bundled into one file has no package.json of ours
 * beside it; `npm version` rewrites this line.
 */
export const PACKAGE_VERSION = '0.1.0';

export function packageVersion(): string {
  return PACKAGE_VERSION;
}

/**
 * The version of this package. A constant, since a program that is bundled into one file has no package.json of ours
 * beside it. A test compares it with package.json.
 */
export const PACKAGE_VERSION = '0.1.0';

import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** Folders in which a version manager keeps its Nodes. An upgrade removes one of these. */
const VERSION_MANAGER = /[/\\](\.?nvm|\.?fnm|fnm_multishells|\.?volta|\.?asdf|\.?mise|\.?nodenv)[/\\]/;

/** The words with which a program of this machine runs again, whatever an upgrade does. */
export interface ProgramPath {
  readonly words: readonly [node: string, script: string];
  /** What an operator should know of them. */
  readonly warnings: readonly string[];
}

/**
 * Finds the paths that outlive an upgrade. To this Node, that is the link in PATH, unless a version manager keeps it. To
 * this program, it is the link that a package manager moves on to the next version.
 *
 * @param program what an operator types
 */
export function programPath(
  program: string,
  script: string,
  environment: NodeJS.ProcessEnv = process.env,
): ProgramPath {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const isStable = (path: string): boolean => !VERSION_MANAGER.test(path);
  const node = linkTo(process.execPath, 'node', folders.filter(isStable)) ?? process.execPath;
  const warnings = isStable(node)
    ? []
    : [
        `${node} is of a version manager, and goes with the version: install Node from a package, and run install again`,
      ];
  return { words: [node, linkTo(script, program, folders) ?? resolve(script)], warnings };
}

/** The first of these folders in which a name leads to the file. */
function linkTo(file: string, name: string, folders: readonly string[]): string | undefined {
  const target = realpathSync(file);
  return folders.map((folder) => join(folder, name)).find((path) => leadsTo(path, target));
}

function leadsTo(path: string, target: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return realpathSync(path) === target;
  } catch {
    return false;
  }
}

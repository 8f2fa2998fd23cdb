import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { InputError } from '../common/input.error.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';

/** A name, and the files that belong to one gateway alone. */
export interface Profile {
  readonly name: string;
  /** Absolute; may be missing until the gateway is started. */
  readonly stateFolder: string;
  /** Absolute; may be missing. */
  readonly configFile: string;
}

export interface ProfileFlags {
  readonly profile?: string | undefined;
  readonly dev?: boolean | undefined;
}

export const DEV_PROFILE = 'dev';

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const PROFILE_VARIABLE = 'OPENCLAW_PROFILE';
const STATE_VARIABLE = 'OPENCLAW_STATE_DIR';
const CONFIG_VARIABLE = 'OPENCLAW_CONFIG_PATH';
const CONFIG_FILE = 'openclaw.json';

/**
 * The profile that flags and variables name. Its state folder is `~/.openclaw`, `~/.openclaw-<name>`, or
 * `OPENCLAW_STATE_DIR`; its configuration is `openclaw.json` in it, or `OPENCLAW_CONFIG_PATH`.
 *
 * @throws {InputError} a value is wrong, or two of them contradict each other
 */
export function resolveProfile(
  flags: ProfileFlags = {},
  environment: NodeJS.ProcessEnv = process.env,
  home: () => string = homedir,
): Profile {
  const name = nameOf(flags, environment);
  const stateFolder = stateFolderOf(name, environment, home);
  return { name, stateFolder, configFile: pathIn(CONFIG_VARIABLE, environment) ?? join(stateFolder, CONFIG_FILE) };
}

/** Whether a text can be the name of a profile: 1 to 64 of a-z, 0-9 and `-`, not beginning with `-`. */
export function isProfileName(text: string): boolean {
  return NAME.test(text);
}

function stateFolderOf(name: string, environment: NodeJS.ProcessEnv, home: () => string): string {
  const chosen = pathIn(STATE_VARIABLE, environment);
  if (chosen !== undefined && name === DEFAULT_PROFILE) return chosen;
  const own = join(homeFolder(home), name === DEFAULT_PROFILE ? '.openclaw' : `.openclaw-${name}`);
  if (chosen === undefined || chosen === own) return own;
  throw new InputError(
    `${STATE_VARIABLE}: ${JSON.stringify(chosen)} is not the folder of profile ${name}, which is ${own}: unset it, or leave the profile out`,
  );
}

/** An empty home folder would put the files of a gateway into the folder that the process was started in. */
function homeFolder(home: () => string): string {
  let folder = '';
  try {
    folder = home();
  } catch {
    // This user has no home folder, neither in the environment nor in the list of users.
  }
  if (folder.trim() !== '') return resolve(folder);
  throw new InputError(`HOME: "" is not a path, and there is no other home folder; set it, or give ${STATE_VARIABLE}`);
}

function nameOf({ profile, dev = false }: ProfileFlags, environment: NodeJS.ProcessEnv): string {
  const given = [
    ...(profile === undefined ? [] : [{ source: '--profile', name: checkName('--profile', profile) }]),
    ...(dev ? [{ source: '--dev', name: DEV_PROFILE }] : []),
    ...variableName(environment),
  ];
  const [first, ...others] = given;
  const other = others.find(({ name }) => name !== first?.name);
  if (first && other) {
    throw new InputError(
      `${first.source} says profile ${first.name}, ${other.source} says ${other.name}: give one of them`,
    );
  }
  return first?.name ?? DEFAULT_PROFILE;
}

function variableName(environment: NodeJS.ProcessEnv): { source: string; name: string }[] {
  const value = environment[PROFILE_VARIABLE];
  return value === undefined ? [] : [{ source: PROFILE_VARIABLE, name: checkName(PROFILE_VARIABLE, value) }];
}

function checkName(source: string, name: string): string {
  if (isProfileName(name)) return name;
  throw new InputError(
    `${source}: ${JSON.stringify(name)} is not a name of a profile; give 1 to 64 of a-z, 0-9 and "-", not beginning with "-"`,
  );
}

function pathIn(variable: string, environment: NodeJS.ProcessEnv): string | undefined {
  const value = environment[variable];
  if (value === undefined) return undefined;
  if (value.trim() !== '') return resolve(value);
  throw new InputError(`${variable}: "" is not a path; give one, or unset it`);
}

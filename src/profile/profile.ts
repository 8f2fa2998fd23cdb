import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { InputError } from '../lock/input.error.js';

/** What belongs to one gateway and to no other. */
export interface Profile {
  readonly name: string;
  /** Absolute; need not be there yet. */
  readonly stateFolder: string;
  /** Absolute; need not be there. */
  readonly configFile: string;
}

export interface ProfileFlags {
  readonly profile?: string | undefined;
  readonly dev?: boolean | undefined;
}

export const DEFAULT_PROFILE = 'default';
export const DEV_PROFILE = 'dev';

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const PROFILE_VARIABLE = 'OPENCLAW_PROFILE';
const STATE_VARIABLE = 'OPENCLAW_STATE_DIR';
const CONFIG_VARIABLE = 'OPENCLAW_CONFIG_PATH';
const CONFIG_FILE = 'openclaw.json';

/**
 * The profile that flags and variables name, and where it keeps what it has: `~/.openclaw`, `~/.openclaw-<name>`, or
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
  const own = join(home(), name === DEFAULT_PROFILE ? '.openclaw' : `.openclaw-${name}`);
  const chosen = pathIn(STATE_VARIABLE, environment);
  if (chosen !== undefined && chosen !== own && name !== DEFAULT_PROFILE) {
    throw new InputError(
      `${STATE_VARIABLE}: ${JSON.stringify(chosen)} is not the folder of profile ${name}, which is ${own}: unset it, or leave the profile out`,
    );
  }
  const stateFolder = chosen ?? own;
  return { name, stateFolder, configFile: pathIn(CONFIG_VARIABLE, environment) ?? join(stateFolder, CONFIG_FILE) };
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
  if (NAME.test(name)) return name;
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

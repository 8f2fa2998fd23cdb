import { runProgram, type ProgramResult } from './run-program.js';
import { ServiceError } from './service.error.js';

/** What a manager says of a unit (`systemctl show`). */
export type UnitProperties = Readonly<Record<string, string>>;

/**
 * Makes sure that this user has a manager that answers.
 *
 * @throws {ServiceError} `not there`, with the way out
 */
export async function needUserManager(): Promise<void> {
  const { code, stderr } = await systemctl('show', '--property=Version').catch((error: unknown) => {
    if (!(error instanceof ServiceError)) throw error;
    throw new ServiceError(
      'not there',
      `${error.message}: this machine has no systemd; start the gateway in the background with start`,
    );
  });
  if (code === 0) return;
  throw new ServiceError(
    'not there',
    process.env['XDG_RUNTIME_DIR'] === undefined
      ? 'XDG_RUNTIME_DIR is not set, as under sudo, su and cron, so the service manager of this user cannot be found: log in as this user, as with ssh or machinectl shell'
      : `the service manager of this user does not answer (${firstLine(stderr)}): log in as this user, or turn it on with loginctl enable-linger`,
  );
}

/** `systemctl --user`, whatever it ends with. */
export function systemctl(...args: readonly string[]): Promise<ProgramResult> {
  return runProgram('systemctl', ['--user', '--no-pager', ...args]);
}

/**
 * `systemctl --user`, which has to succeed.
 *
 * @throws {ServiceError} `failed`, with what it said
 */
export async function tellSystemd(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await systemctl(...args);
  if (code !== 0) throw new ServiceError('failed', `systemctl --user ${args.join(' ')}: ${firstLine(stderr)}`);
}

/** Some properties of a unit; those of one that the manager does not know are empty. */
export async function unitProperties(unit: string, names: readonly string[]): Promise<UnitProperties> {
  const { stdout } = await systemctl('show', `--property=${names.join(',')}`, unit);
  return Object.fromEntries(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const at = line.indexOf('=');
        return [line.slice(0, at), line.slice(at + 1)];
      }),
  );
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}

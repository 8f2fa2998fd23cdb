import { InputError } from '../common/input.error.js';
import { chooseSettings } from '../config/choose-settings.js';
import { tablesFor } from '../fleet/fleet-sql.js';
import { parseDatabaseUrl } from '../fleet/database-url.js';
import { ExitCode } from '../process/exit-code.js';
import { complain, printResult } from '../process/print.js';
import type { Invocation } from './command.js';

/** Looks at the database of a fleet, or says what it has to have. */
export async function fleet({ args, flags, profile }: Invocation): Promise<number> {
  const [action = ''] = args;
  if (action !== 'check' && action !== 'status' && action !== 'sql') {
    throw new InputError(`fleet: ${JSON.stringify(action)} is not known: give check, status or sql`);
  }
  const { fleet: settings } = await chooseSettings(profile, flags);
  if (!settings) throw new InputError('no fleet is named: give --fleet <name>, or set OPENCLAW_FLEET');
  if (action === 'sql') {
    const url = typeof settings.url === 'string' ? settings.url : settings.url();
    printResult(false, {}, [tablesFor(parseDatabaseUrl('the URL of the database', url).user)]);
    return ExitCode.OK;
  }
  const { checkDatabase, statusOfFleet } = await import('./load-fleet.js');
  const { lines, problem, exitCode, report } = await (action === 'check' ? checkDatabase : statusOfFleet)(settings);
  if (problem === null || flags.json)
    printResult(flags.json, { ok: exitCode === 0, ...report, problem, exitCode }, lines);
  else complain(problem);
  return exitCode;
}

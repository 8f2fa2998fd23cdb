import { InputError } from '../common/input.error.js';
import { chooseSettings } from '../config/choose-settings.js';
import { tablesFor } from '../fleet/fleet-sql.js';
import { parseDatabaseUrl } from '../fleet/database-url.js';
import { ExitCode } from '../process/exit-code.js';
import { complain, printResult } from '../process/print.js';
import type { Invocation } from './command.js';
import { DEFAULT_TIMEOUT_MS, FLEET_ACTIONS } from './flags.js';
import { refuseFlags, timeoutOf } from './flags-of.js';
import { whileWaiting } from './progress.js';

/** Looks at the database of a fleet, or says what it has to have. */
export async function fleet({ args, flags, profile }: Invocation): Promise<number> {
  const [typed = ''] = args;
  const action = FLEET_ACTIONS.find((known) => known === typed);
  if (action === undefined) {
    throw new InputError(`fleet: ${JSON.stringify(typed)} is not known: give check, status, yield or sql`);
  }
  if (action !== 'yield') refuseFlags(flags, ['to', 'timeout'], 'they belong to fleet yield');
  const timeoutMs = timeoutOf(flags, DEFAULT_TIMEOUT_MS.yield);
  const { fleet: settings } = await chooseSettings(profile, flags);
  if (!settings) throw new InputError('no fleet is named: give --fleet <name>, or set OPENCLAW_FLEET');
  if (action === 'sql') {
    const url = typeof settings.url === 'string' ? settings.url : settings.url();
    printResult(false, {}, [tablesFor(parseDatabaseUrl('the URL of the database', url).user)]);
    return ExitCode.OK;
  }
  const commands = await import('./load-fleet.js');
  const run = {
    check: () => commands.checkDatabase(settings),
    status: () => commands.statusOfFleet(settings),
    yield: () => whileWaiting('waiting for another host', commands.yieldFleet(settings, flags.to, timeoutMs), flags),
  };
  const { lines, problem, exitCode, report } = await run[action]();
  if (problem === null || flags.json)
    printResult(flags.json, { ok: exitCode === 0, ...report, problem, exitCode }, lines);
  else complain(problem);
  return exitCode;
}

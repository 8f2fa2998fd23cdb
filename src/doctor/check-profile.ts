import { describeUse } from '../holder/describe-holder.js';
import type { Holder } from '../listener/holder.js';
import { portOfCard } from '../state-folder/who-holds-profile.js';
import type { Finding, Patient } from './finding.js';

/** Whether the gateway of the profile is where the next start would put it. */
export function checkProfile(
  { profile, settings }: Pick<Patient, 'profile' | 'settings'>,
  running: Holder | undefined,
): Finding {
  const check = 'profile';
  const { name, stateFolder } = profile;
  const { verdict = 'blocked', card } = running ?? {};
  if (running && verdict === 'foreign') {
    const wayOut = 'end it, or use another profile with --profile';
    return { check, level: 'problem', text: describeUse(running, `the lock of ${stateFolder}`), wayOut };
  }
  if (verdict === 'blocked') return { check, level: 'ok', text: `${name}, in ${stateFolder}; no gateway uses it` };
  if (!card) {
    return { check, level: 'problem', text: `${name}: a process holds ${stateFolder} and does not say who it is` };
  }
  if (card.profile !== name) {
    return {
      check,
      level: 'problem',
      text: `${stateFolder} is used by the gateway of profile ${card.profile}, and this is ${name}`,
      wayOut: 'give each profile a folder of its own: unset OPENCLAW_STATE_DIR',
    };
  }
  const port = portOfCard(card);
  if (port === settings.port) return { check, level: 'ok', text: `${name}, in ${stateFolder}; its gateway runs` };
  return {
    check,
    level: 'note',
    text: `the gateway of ${name} runs on port ${port}, and the next start would take ${settings.port}`,
    wayOut: `give --port ${port}, or set gateway.port in ${profile.configFile}`,
  };
}

/** Whether all that the configuration file says of access is followed. */
export function checkConfiguration({ settings: { configuration } }: Pick<Patient, 'settings'>): Finding[] {
  const check = 'configuration';
  const { file, exists, warnings = [] } = configuration;
  if (!exists) return [{ check, level: 'ok', text: `${file} is not there, and need not be` }];
  if (warnings.length === 0) return [{ check, level: 'ok', text: `${file} is read` }];
  return warnings.map((text) => ({ check, level: 'note', text }));
}

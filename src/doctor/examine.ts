import { InputError } from '../common/input.error.js';
import { NotAllowedError } from '../common/not-allowed.error.js';
import type { Settings } from '../config/choose-settings.js';
import type { Profile } from '../config/profile.js';
import { UNHURRIED_MS, whoHolds } from '../holder/who-holds.js';
import { readProofSecret } from '../state-folder/proof-secret.js';
import { whoHoldsFolder } from '../state-folder/who-holds-profile.js';
import { checkClock, checkDisk, checkOwners } from './check-files.js';
import { checkDescriptors, checkIPv6, checkOpenClaw, checkProxies } from './check-machine.js';
import { checkPort, checkPortRange } from './check-port.js';
import { checkConfiguration, checkProfile } from './check-profile.js';
import { checkService } from './check-service.js';
import type { Finding } from './finding.js';

export interface Examination {
  readonly profile: Profile;
  readonly program: string;
  /** @throws {InputError | NotAllowedError} a value or a file is wrong, which is a finding */
  readonly chooseSettings: () => Promise<Settings>;
}

/** All that is known of what may keep a gateway of this profile from its work. Changes nothing. */
export async function examine({ profile, program, chooseSettings }: Examination): Promise<readonly Finding[]> {
  const ofMachine = [
    checkOwners({ profile }),
    checkIPv6(),
    checkDescriptors(),
    checkDisk({ profile }),
    checkClock({ profile }),
    await checkOpenClaw({ profile, program }),
    await checkService({ profile, program }),
  ];
  const settings = await settingsOrFinding(chooseSettings);
  if ('level' in settings) return [settings, ...ofMachine];
  const { host, port } = settings;
  const [holder, running] = await Promise.all([
    whoHolds({ host, port }, { secret: readProofSecret(profile.stateFolder), timeoutMs: UNHURRIED_MS }),
    whoHoldsFolder(profile.stateFolder),
  ]);
  const patient = { profile, settings, holder, program };
  return [
    checkPort(patient),
    checkPortRange(patient),
    checkProfile(patient, running),
    ...checkConfiguration(patient),
    checkProxies(patient),
    ...ofMachine,
  ];
}

async function settingsOrFinding(chooseSettings: () => Promise<Settings>): Promise<Settings | Finding> {
  try {
    return await chooseSettings();
  } catch (error) {
    if (!(error instanceof InputError || error instanceof NotAllowedError)) throw error;
    return { check: 'configuration', level: 'problem', text: error.message };
  }
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { chooseSettings } from '../../src/config/choose-settings.js';
import { planProfiles } from '../../src/config/plan-profiles.js';
import { describePlans } from '../../src/config/port-plans.js';
import { resolveProfile } from '../../src/config/profile.js';
import { tempFolder } from '../kit/temp.js';

/** A home with these configuration files, by the names of their folders. */
function home(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'openclaw.json'), text);
  }
  return folder;
}

describe('the ports of the profiles of a user', () => {
  it('are those of the next start, each with those that it conflicts with, or why there is no port', async () => {
    const folder = home({
      '.openclaw': '{ "gateway": { "port": 19000 } }',
      '.openclaw-near': '{ "gateway": { "port": 19005 } }',
      '.openclaw-wrong': '{ "gateway": { "port": "80x" } }',
    });
    const current = await chooseSettings(
      resolveProfile({}, {}, () => folder),
      {},
      {},
    );

    const plans = describePlans(await planProfiles(current, () => folder));

    expect(plans).toEqual([
      {
        name: 'default',
        port: 19_000,
        from: 'config',
        stateFolder: join(folder, '.openclaw'),
        conflicts: [{ name: 'near', port: 19_005 }],
        problem: null,
      },
      {
        name: 'near',
        port: 19_005,
        from: 'config',
        stateFolder: join(folder, '.openclaw-near'),
        conflicts: [{ name: 'default', port: 19_000 }],
        problem: null,
      },
      {
        name: 'wrong',
        port: null,
        from: null,
        stateFolder: join(folder, '.openclaw-wrong'),
        conflicts: [],
        problem: expect.stringContaining('gateway.port') as string,
      },
    ]);
  });
});

import { join } from 'node:path';

import { InputError } from '../../src/common/input.error.js';
import type { Settings } from '../../src/config/choose-settings.js';
import { examine } from '../../src/doctor/examine.js';
import { freePort } from '../kit/ports.js';
import { tempFolder } from '../kit/temp.js';
import { patient } from './patient.js';

describe('the whole examination', () => {
  it('looks at all, and changes nothing', async () => {
    const { profile, settings } = patient({
      folder: join(tempFolder(), 'later'),
      settings: { port: await freePort() },
    });
    const findings = await examine({ profile, program: 'acme', chooseSettings: () => Promise.resolve(settings) });
    expect(findings.map(({ check }) => check)).toEqual([
      'port',
      'port range',
      'profile',
      'configuration',
      'proxies',
      'files',
      'IPv6',
      'descriptors',
      'disk',
      'clock',
      'OpenClaw',
      'service',
    ]);
    expect(findings[0]).toMatchObject({ level: 'ok' });
  });

  it('says what is wrong with a value, and looks at the machine all the same', async () => {
    const { profile } = patient();
    const findings = await examine({
      profile,
      program: 'acme',
      chooseSettings: () => Promise.reject(new InputError('/f: gateway.port: 0 is not a port')),
    });
    expect(findings[0]).toEqual({
      check: 'configuration',
      level: 'problem',
      text: '/f: gateway.port: 0 is not a port',
    });
    expect(findings.map(({ check }) => check)).toContain('disk');
  });

  it('hides no mistake of ours', async () => {
    const { profile } = patient();
    const chooseSettings = (): Promise<Settings> => Promise.reject(new TypeError('ours'));
    await expect(examine({ profile, program: 'acme', chooseSettings })).rejects.toThrow('ours');
  });
});

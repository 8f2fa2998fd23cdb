import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { checkDescriptors, checkIPv6, checkOpenClaw, checkProxies } from '../../src/doctor/check-machine.js';
import { tempFolder } from '../kit/temp.js';
import { patient } from './patient.js';

describe('the machine', () => {
  it.each([
    ['::1', 'ok'],
    ['127.0.0.1', 'note'],
  ])('has %s: %s', (address, level) => {
    expect(checkIPv6({ lo: [{ address }] } as never).level).toBe(level);
  });

  it.each([
    ['20000', 'ok'],
    ['unlimited', 'ok'],
    ['4096', 'note'],
    ['256', 'problem'],
  ])('allows %s descriptors: %s', (soft, level) => {
    const limits = `Limit  Soft Limit\nMax open files            ${soft}                20000                files\n`;
    expect(checkDescriptors(() => limits)).toMatchObject({ level, text: expect.stringContaining(soft) as string });
  });

  it('may not tell how many descriptors it allows', () => expect(checkDescriptors(() => '').level).toBe('ok'));

  it('has another program of the same name', async () => {
    const folder = tempFolder();
    const [elsewhere, other] = [join(folder, 'elsewhere'), join(folder, 'acme')];
    writeFileSync(elsewhere, '');
    symlinkSync(elsewhere, other);
    expect(await checkOpenClaw(patient(), `/nowhere:${folder}`)).toMatchObject({
      level: 'note',
      text: `acme on the PATH is another program: ${elsewhere}`,
    });
    expect((await checkOpenClaw(patient(), '/nowhere')).level).toBe('ok');
  });

  it('has an OpenClaw in the state folder', async () => {
    const folder = tempFolder();
    const uid = process.getuid?.();
    const lockFolder = join(folder, 'tmp', uid === undefined ? 'openclaw' : `openclaw-${uid}`);
    mkdirSync(lockFolder, { recursive: true });
    writeFileSync(join(lockFolder, 'gateway.state.lock'), JSON.stringify({ pid: process.pid }), { mode: 0o600 });
    expect(await checkOpenClaw(patient({ folder }), '')).toMatchObject({
      level: 'problem',
      text: `OpenClaw uses ${folder} (pid ${process.pid})`,
    });
  });

  it.each([
    [{}, 'ok'],
    [{ host: '0.0.0.0' }, 'ok'],
    [{ allowHosts: ['gw.example'] }, 'note'],
    [{ allowHosts: ['gw.example'], trustedProxies: ['10.0.0.1'] }, 'ok'],
  ])('may have a proxy in front: %j', (settings, level) => {
    expect(checkProxies(patient({ settings })).level).toBe(level);
  });
});

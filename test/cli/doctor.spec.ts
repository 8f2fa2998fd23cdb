import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { doctor } from '../../src/cli/doctor.command.js';
import { freePort } from '../kit/ports.js';
import { tempFolder } from '../kit/temp.js';

const PROGRAM = { name: 'acme', version: '1.2.3', createApp: () => Promise.reject(new Error('none')) };

/** @param config of the profile that is looked at */
async function run(config: object, json = false): Promise<{ code: number; stdout: string }> {
  const stateFolder = tempFolder();
  const configFile = join(stateFolder, 'openclaw.json');
  writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
  let stdout = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const profile = { name: 'default', stateFolder, configFile };
  const code = await doctor({ flags: json ? { json } : {}, args: [], profile, program: PROGRAM });
  jest.restoreAllMocks();
  return { code, stdout };
}

describe('doctor', () => {
  it('ends with 0 where nothing is wrong', async () => {
    const { code, stdout } = await run({ gateway: { port: await freePort(), auth: { mode: 'none' } } });
    // The port of a test is one of those that any program may get.
    expect(stdout).toMatch(/^ok {7}port {11}ws:\/\/127\.0\.0\.1:\d+ is free$/m);
    expect(stdout).toMatch(/^note {5}configuration {2}\S+: gateway\.auth\.mode "none" is not supported; /m);
    expect(stdout).toMatch(code === 0 ? /^all is well$/m : /^\d+ problems|one problem$/m);
  });

  it('says what is wrong and what to do, and ends with 1', async () => {
    const { code, stdout } = await run({ gateway: { port: 0 } });
    expect(stdout).toMatch(/^PROBLEM {2}configuration {2}\S+: gateway\.port: 0 is not a port; /m);
    expect(stdout).toMatch(/^one problem$/m);
    expect(code).toBe(1);
  });

  it.each([
    [
      'an address that others reach, without a token',
      { bind: 'lan' },
      /^PROBLEM {2}start +refusing to bind 0\.0\.0\.0/m,
    ],
    ['a gateway on another machine', { mode: 'remote' }, /^PROBLEM {2}start +\S+: gateway\.mode "remote" says/m],
  ])('says that a start refuses %s', async (_what, gateway, line) => {
    const { code, stdout } = await run({ gateway });
    expect(stdout).toMatch(line);
    expect(code).toBe(1);
  });

  it('prints all of it for scripts', async () => {
    const { code, stdout } = await run({ gateway: { port: 0 } }, true);
    const { ok, exitCode, findings } = JSON.parse(stdout) as { ok: boolean; exitCode: number; findings: object[] };
    expect([ok, exitCode, code]).toEqual([false, 1, 1]);
    expect(findings).toContainEqual(expect.objectContaining({ check: 'configuration', level: 'problem' }));
  });
});

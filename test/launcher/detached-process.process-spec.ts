import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { exitCodeOf } from '../../src/process/exit-code.js';
import { DetachedProcess } from '../../src/launcher/detached-process.js';
import { tempFolder } from '../kit/temp.js';

describe('a process in the background', () => {
  it('that cannot be started is said to be so: 71', async () => {
    const cwd = tempFolder();
    const command = [join(cwd, 'nothing')] as const;

    const error: unknown = await DetachedProcess.start({
      command,
      environment: {},
      cwd,
      logFile: join(cwd, 'gateway.log'),
    }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      code: 'not started',
      message: expect.stringMatching(/^the gateway could not be started: spawn .* ENOENT$/) as string,
    });
    expect(exitCodeOf(error)).toBe(71);
    expect(readdirSync(cwd)).toEqual(['gateway.log']);
  });

  it('has last words without the escape codes in them', async () => {
    const cwd = tempFolder();
    const command = [
      process.execPath,
      '--eval',
      "process.stderr.write('Error: \\x1b[2Jsaid\\tby a client\\n')",
    ] as const;

    const child = await DetachedProcess.start({ command, environment: {}, cwd, logFile: join(cwd, 'gateway.log') });
    await child.ended;

    expect(child.lastWords()).toEqual(['Error: \ufffd[2Jsaid\tby a client']);
  });
});

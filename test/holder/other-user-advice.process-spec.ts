import { openclaw, parse } from '../kit/openclaw.js';
import { NO_OTHER_USER, OTHER_UID } from '../kit/other-user.js';
import { startCardHolder } from './card-holder.js';

/** What no other user can do with success. */
const IN_VAIN = / stop --port|--force|kill/;

(NO_OTHER_USER === '' ? describe : describe.skip)(`a gateway of another user${NO_OTHER_USER}`, () => {
  it('is not advised to be stopped, but its user to be asked', async () => {
    const { port } = await startCardHolder({ title: 'openclaw-gateway', uid: OTHER_UID });

    const start = await openclaw('--port', port);
    const status = await openclaw('status', '--port', port);

    const [, ...details] = start.stderr.trimEnd().split('\n');
    expect(details).toEqual([
      expect.stringMatching(/^ {2}held by +gateway 1\.2\.3, profile default, pid \d+, user nobody, ready, up /),
      `  see it            openclaw gateway status --port ${port}`,
      '  stop it           ask user nobody',
      '  use another port  openclaw gateway --port <port>',
    ]);
    expect(status.stdout.trimEnd().split('\n').slice(2)).toEqual(['  stop it  ask user nobody']);
    // Any user can show a card that says ready.
    expect([start.code, status.code]).toEqual([78, 78]);
  });

  it('is not advised to be stopped after that has failed', async () => {
    const { port } = await startCardHolder({ title: 'openclaw-gateway', uid: OTHER_UID });

    const forced = await openclaw('--port', port, '--force');
    const stop = await openclaw('stop', '--port', port);

    expect(forced.stderr).toMatch(/^not stopped: it belongs to another user: ask user nobody; gateway 1\.2\.3, /);
    expect(stop.stdout).toMatch(/^not stopped: it belongs to another user: ask user nobody; /);
    expect(forced.stderr + stop.stdout).not.toMatch(IN_VAIN);
    expect([forced.code, stop.code]).toEqual([78, 78]);
  });

  it('is not advised to be killed where it does not answer', async () => {
    const { port, program } = await startCardHolder({ title: 'openclaw-gateway', uid: OTHER_UID });
    program.signal('SIGSTOP');

    const start = await openclaw('--port', port);
    const status = await openclaw('status', '--port', port, '--json');

    expect(start.stderr).toMatch(/\n {2}stop it +ask user nobody\n/);
    expect(start.stderr).not.toMatch(IN_VAIN);
    expect(parse(status.stdout)).toMatchObject({
      verdict: 'stalled',
      holder: { ownership: 'other user', user: 'nobody' },
    });
  });
});

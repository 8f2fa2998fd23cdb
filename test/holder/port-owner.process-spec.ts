import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { findPortOwner } from '../../src/holder/port-owner.js';
import type { PortOwner } from '../../src/listener/holder.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { portOf, stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { Program } from '../kit/program.js';
import { ETH0, LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';
import { startCardHolder } from './card-holder.js';
import { heirOf } from './heirs.js';

/** No machine is so busy; ms. */
const LONG_MS = 10_000;
const NOBODY_UID = 65_534;
const IS_ROOT = process.geteuid?.() === 0;

async function ownerOf(host: string, port: number, pidHint?: number): Promise<PortOwner | 'unknown'> {
  return within(
    LONG_MS * 2,
    'the owner',
    findPortOwner(host, port, performance.now() + LONG_MS, () => pidHint),
  );
}

// The other systems need a package that is not always there; what is ours of it has a spec of its own.
(LINUX ? describe : describe.skip)('the owner of a port', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['127.0.0.1', '0.0.0.0'],
    ['127.0.0.1', '::'],
    ['::1', '::'],
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['127.0.0.2', '0.0.0.0'],
    ['localhost', '127.0.0.1'],
    ['localhost', '::1'],
    ['0.0.0.0', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.2'],
    ['::', '127.0.0.1'],
    ['::', '::1'],
    ...(ETH0 === undefined ? [] : [['0.0.0.0', ETH0]]),
  ])('for %s is found when it listens on %s', async (asked = '', host = '') => {
    // Another test could listen on a port that the OS chooses, on the other address.
    const port = await freePort();
    await stranger({ host, port });

    expect(await ownerOf(asked, port)).toMatchObject({ pid: process.pid });
  });

  it('is described', async () => {
    const owner = await ownerOf('127.0.0.1', portOf(await stranger()));

    expect(owner).toEqual({
      pid: process.pid,
      uid: process.geteuid?.(),
      user: userInfo().username,
      command: expect.stringContaining('node') as string,
      startedAt: expect.any(Number) as number,
      isGateway: false,
      pidsInNamespaces: expect.arrayContaining([process.pid]) as number[],
    });
    const { startedAt = 0 } = owner as PortOwner;
    // The kernel tells the time of the boot in whole seconds.
    expect(Math.abs(startedAt - (Date.now() - process.uptime() * 1000))).toBeLessThan(3_000);
  });

  it('is found with a hint, and with one that is wrong', async () => {
    const port = portOf(await stranger());

    expect(await ownerOf('127.0.0.1', port, process.pid)).toMatchObject({ pid: process.pid });
    expect(await ownerOf('127.0.0.1', port, process.ppid)).toMatchObject({ pid: process.pid });
    expect(await ownerOf('127.0.0.1', port, 4_194_304)).toMatchObject({ pid: process.pid });
  });

  it('is the process of the hint where others have inherited the socket', async () => {
    const server = await stranger();
    const heirs = [await heirOf(server), await heirOf(server)];

    for (const pid of [...heirs, process.pid]) {
      expect(await ownerOf('127.0.0.1', portOf(server), pid)).toMatchObject({ pid });
    }
  });

  it('is that process too where the hint comes while the search goes on', async () => {
    const server = await stranger();
    const heir = await heirOf(server);
    const hints = [undefined, heir];

    const owner = await findPortOwner('127.0.0.1', portOf(server), performance.now() + LONG_MS, () => hints.shift());

    // Without it the search would come to this process first, which is older.
    expect(owner).toMatchObject({ pid: heir });
  });

  it.each([
    ['openclaw-gateway', true],
    ['openclaw-gateway-tool', false],
    ['', false],
  ])('with the title %j: is a gateway: %s', async (title, isGateway) => {
    const { port, program } = await startCardHolder({ title });

    expect(await ownerOf('127.0.0.1', port)).toMatchObject({ pid: program.pid, isGateway });
  });

  it('is a gateway even where the arguments had no room for the whole title', async () => {
    const cwd = tempFolder();
    const script = `process.title = 'openclaw-gateway';
      const server = require('node:net').createServer();
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
    writeFileSync(join(cwd, 'app.js'), script);
    const program = Program.start('node', ['app.js'], { cwd });
    const [port] = await program.output('stdout', /^\d+$/m);

    expect(await ownerOf('127.0.0.1', Number(port))).toMatchObject({
      pid: program.pid,
      command: 'openclaw-ga',
      isGateway: true,
    });
  });

  (IS_ROOT ? it : it.skip)("can be another user's process, to root", async () => {
    const { port, program } = await startCardHolder({ uid: NOBODY_UID });

    expect(await ownerOf('127.0.0.1', port)).toMatchObject({ pid: program.pid, uid: NOBODY_UID, user: 'nobody' });
  });

  it('is unknown when no process listens', async () => {
    expect(await ownerOf('127.0.0.1', await freePort())).toBe('unknown');
  });

  it('is unknown when the listener is on another address', async () => {
    const port = await freePort();
    await stranger({ host: '::1', port });

    expect(await ownerOf('127.0.0.1', port)).toBe('unknown');
  });

  it('is unknown when the deadline has passed', async () => {
    const port = portOf(await stranger());

    expect(await findPortOwner('127.0.0.1', port, performance.now(), () => process.pid)).toBe('unknown');
  });

  it.each([
    ['without a hint', undefined],
    ['with one', process.pid],
  ])('is unknown when time runs out during the search, %s', async (_name, hint) => {
    const port = portOf(await stranger());
    const begun = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValueOnce(begun);
    onCleanUp(() => clock.mockRestore());
    clock.mockReturnValue(begun + LONG_MS);

    expect(await findPortOwner('127.0.0.1', port, begun + LONG_MS, () => hint)).toBe('unknown');
  });
});

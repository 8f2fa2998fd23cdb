import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

import { whoHolds } from '../../src/holder/who-holds.js';
import type { GatewayCard } from '../../src/listener/holder.js';
import { whoHoldsProfile } from '../../src/state-folder/who-holds-profile.js';
import { readProofSecret } from '../../src/state-folder/proof-secret.js';
import { cardOf } from '../holder/cards.js';
import { onCleanUp } from '../kit/cleaner.js';
import { inNetworkOf, inOwnNetwork, NO_NAMESPACES } from '../kit/namespace.js';
import { stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { serveOn, socketOf, strangerOn } from '../kit/profile.js';
import { BIN, fixture, Program } from '../kit/program.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

/** uid 65534 by convention. */
const NOBODY = ['--reuid=65534', '--clear-groups'];

/** Has the lock of a folder, and shows the card of a gateway. */
const SQUATTER = `
  const [socketPath, card] = process.argv.slice(1);
  const { pid } = process;
  require('node:http')
    .createServer((request, response) => response.end(JSON.stringify({ pid, ...JSON.parse(card) })))
    .listen(Buffer.from(socketPath, 'hex').toString(), () => console.log('listening'));
`;

async function squatOn(
  folder: string,
  command: readonly [string, ...string[]],
  card: GatewayCard = cardOf(),
): Promise<Program> {
  const [program, ...args] = command;
  const socketPath = Buffer.from(socketOf(folder)).toString('hex');
  const squatter = Program.start(program, [...args, '--eval', SQUATTER, socketPath, JSON.stringify(card)]);
  await squatter.output('stdout', /^listening$/m);
  return squatter;
}

/** Has what connects answered by whatever listens on a socket with a file. */
function passOnTo(file: string): (socket: Socket) => void {
  return (socket) => {
    const upstream = connect(file).on('error', () => socket.destroy());
    socket.pipe(upstream).pipe(socket);
    socket.on('close', () => upstream.destroy());
  };
}

async function listening(server: Server): Promise<number> {
  onCleanUp(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const isRoot = process.getuid?.() === 0;
const reason = LINUX && isRoot ? '' : ' (needs Linux, and root to be two users)';

describe('the gateway of a profile', () => {
  it('is believed when it proves that it can read the folder', async () => {
    const folder = tempFolder();
    const { program, port } = await serveOn(folder);

    expect(await whoHoldsProfile(folder)).toMatchObject({
      verdict: 'ready',
      ownership: 'proven',
      card: { pid: program.pid, url: `ws://127.0.0.1:${port}` },
    });
    expect(statSync(join(folder, 'gateway.secret')).mode & 0o777).toBe(0o600);
  });

  it('is not a process that shows the card of another gateway of this user', async () => {
    const [own, others] = [tempFolder(), tempFolder()];
    const { port } = await serveOn(others);
    const card = (await (await fetch(`http://127.0.0.1:${port}/.well-known/gateway`)).json()) as GatewayCard;
    writeFileSync(join(own, 'gateway.secret'), readFileSync(join(others, 'gateway.secret')), { mode: 0o600 });
    await squatOn(own, [process.execPath], card);

    expect(await whoHoldsProfile(own)).toBeUndefined();
  });

  it('is not a process that passes the question on to a gateway elsewhere', async () => {
    const folder = tempFolder();
    const { program, port } = await serveOn(folder);
    const relay = createServer((socket) => {
      const upstream = connect(port, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    });
    const relayPort = await listening(relay);
    const secret = readFileSync(join(folder, 'gateway.secret'), 'utf8').trim();

    const direct = await whoHolds({ host: '127.0.0.1', port }, { secret });
    const relayed = await whoHolds({ host: '127.0.0.1', port: relayPort }, { secret });

    expect([direct.ownership, direct.card?.pid]).toEqual(['proven', program.pid]);
    expect(relayed.ownership).not.toBe('proven');
  });

  const noNetwork = NO_NAMESPACES !== undefined && !process.env['CI'];
  (noNetwork ? it.skip : it)(
    `is not a process that passes the question on into another network namespace${noNetwork ? ` (${NO_NAMESPACES})` : ''}`,
    async () => {
      const folder = tempFolder();
      const port = await freePort();
      const env = { OPENCLAW_STATE_DIR: folder };
      const gateway = inOwnNetwork(BIN, ['gateway', '--port', port], { env });
      await gateway.output('stdout', /^gateway listening on /m);
      const [toPort, toLock] = [join(folder, 'port.sock'), join(folder, 'lock.sock')];
      const lock = Buffer.from(socketOf(folder)).toString('hex');
      await inNetworkOf(gateway, fixture('relay'), [toPort, port, toLock, lock]).output('stdout', /^relaying$/m);
      await stranger({ port }, passOnTo(toPort));
      await strangerOn(folder, passOnTo(toLock));
      const secret = readProofSecret(folder);

      const onPort = await whoHolds({ host: '127.0.0.1', port }, { secret });

      expect(onPort.ownership).not.toBe('proven');
      expect(await whoHoldsProfile(folder)).toBeUndefined();
    },
  );

  (reason === '' ? it : it.skip)(`is not another user's process, whatever it shows${reason}`, async () => {
    const folder = tempFolder();
    await squatOn(folder, ['setpriv', ...NOBODY, process.execPath]);

    expect(await whoHoldsProfile(folder)).toBeUndefined();
  });

  it('in a folder without a secret, is believed where its port confirms the card', async () => {
    const folder = tempFolder();
    const { program } = await serveOn(folder);
    rmSync(join(folder, 'gateway.secret'));

    expect(await whoHoldsProfile(folder)).toMatchObject({ ownership: 'same user', card: { pid: program.pid } });
  });

  it('in a folder without a secret, is not a process that shows a gateway of this user under another name', async () => {
    const [own, others] = [tempFolder(), tempFolder()];
    const { port } = await serveOn(others);
    const card = (await (await fetch(`http://127.0.0.1:${port}/.well-known/gateway`)).json()) as GatewayCard;
    await squatOn(own, [process.execPath], { ...card, profile: 'other' });

    expect(await whoHoldsProfile(own)).toBeUndefined();
  });

  it('proves nothing with a secret that other users could read, and makes another one at its next start', async () => {
    const folder = tempFolder();
    const file = join(folder, 'gateway.secret');
    writeFileSync(file, `${'x'.repeat(43)}\n`);
    chmodSync(file, 0o644);
    expect(readProofSecret(folder)).toBeUndefined();

    await serveOn(folder);

    expect(readFileSync(file, 'utf8')).not.toContain('xxx');
    expect(await whoHoldsProfile(folder)).toMatchObject({ ownership: 'proven' });
  });

  it('in a folder without a secret, is not a process whose card names a port that is not its own', async () => {
    const folder = tempFolder();
    await squatOn(folder, [process.execPath], cardOf({ url: `ws://127.0.0.1:${await freePort()}` }));

    expect(await whoHoldsProfile(folder)).toBeUndefined();
  });

  it('in a folder without a secret, is not a process whose card names another machine', async () => {
    const folder = tempFolder();
    await squatOn(folder, [process.execPath], cardOf({ url: 'ws://203.0.113.9:443' }));

    expect(await whoHoldsProfile(folder)).toBeUndefined();
  });
});

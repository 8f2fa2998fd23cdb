import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

import { callerOf } from '../../../src/control/access/caller.js';
import { SocketUsers } from '../../../src/control/access/socket-user.js';
import { noteForwardedFor } from '../../../src/serving/forwarded-for.js';
import { readConnectionUsers, uidOf, type ConnectionEnds } from '../../../src/holder/connection-user.js';
import { onCleanUp } from '../../kit/cleaner.js';
import { LINUX } from '../../kit/sockets.js';

const NO_TABLES = new SocketUsers(() => Promise.resolve(''));

async function nameOf(remoteAddress: string | undefined, users = NO_TABLES): Promise<string> {
  return (await callerOf({ remoteAddress, remotePort: 50_000, localPort: 18_789 }, users)).name;
}

/** A row as proc_pid_net(5) has it, for 127.0.0.1:50000 to 127.0.0.1:18789 unless told otherwise. */
function row({
  local = '0100007F:C350',
  remote = '0100007F:4965',
  state = '01',
  uid = 1_000,
  inode = 42,
} = {}): string {
  return `   3: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0000000000000000 20 4 0 10 -1\n`;
}

const ENDS = { remoteAddress: '127.0.0.1', remotePort: 50_000, localAddress: '127.0.0.1', localPort: 18_789 };

function findUid(tables: string, ends: ConnectionEnds): number | undefined {
  return uidOf(readConnectionUsers(tables), ends);
}

describe('callerOf', () => {
  it.each([
    ['127.0.0.1', '127.9.8.7'],
    ['127.0.0.1', '::1'],
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['192.0.2.1', '::ffff:192.0.2.1'],
    ['2001:db8:1:2::3', '2001:db8:1:2:ffff::4'],
    ['fe80::1%eth0', 'fe80::2%eth0'],
  ])('takes %s and %s for one caller', async (one, other) => {
    expect(await nameOf(other)).toBe(await nameOf(one));
  });

  it.each([
    ['127.0.0.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.2'],
    ['2001:db8:1:2::3', '2001:db8:1:3::3'],
    ['127.0.0.1', undefined],
  ])('tells %s and %s apart', async (one, other) => {
    expect(await nameOf(other)).not.toBe(await nameOf(one));
  });

  it.each([
    ['root', 0, true],
    ['the user of the gateway', process.getuid?.() ?? 0, true],
    ['another user', 65_533, false],
  ])('knows %s on loopback by the table of the kernel', async (_who, uid, isTrusted) => {
    const users = new SocketUsers(() => Promise.resolve(row({ uid })));
    expect(await callerOf(ENDS, users)).toEqual({ name: `user ${uid}`, isTrusted });
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['127.0.0.1', '127.0.0.1'],
    ['2001:db8:1:2::3', '2001:db8:1:2::/64'],
  ])('knows the client of a proxy by its address, and not by the user of the proxy: %s', async (address, name) => {
    const ends = { ...ENDS };
    noteForwardedFor(ends, address);
    const users = new SocketUsers(() => Promise.resolve(row({ uid: 0 })));
    expect(await callerOf(ends, users)).toEqual({ name, isTrusted: false });
  });

  it('trusts no address that only looks like a user of this machine', async () => {
    const users = new SocketUsers(() => Promise.resolve(row({ local: '010200C0:C350', uid: 0 })));
    expect(await callerOf({ ...ENDS, remoteAddress: '192.0.2.1' }, users)).toEqual({
      name: '192.0.2.1',
      isTrusted: false,
    });
  });
});

describe('the user of a connection', () => {
  it.each([
    ['an IPv4 client', ENDS, row()],
    [
      'an IPv4 client of a dual-stack server',
      { ...ENDS, remoteAddress: '::ffff:127.0.0.1', localAddress: '::ffff:127.0.0.1' },
      row(),
    ],
    [
      'a client with a dual-stack socket',
      ENDS,
      row({ local: '0000000000000000FFFF00000100007F:C350', remote: '0000000000000000FFFF00000100007F:4965' }),
    ],
    [
      'an IPv6 client',
      { ...ENDS, remoteAddress: '::1', localAddress: '::1' },
      row({ local: '00000000000000000000000001000000:C350', remote: '00000000000000000000000001000000:4965' }),
    ],
  ])('finds the row of %s', (_what, ends, table) => {
    // The tables of this test are those of a little-endian machine, as all that Node runs on but s390x are.
    expect(findUid(`  sl  local_address rem_address\n${row({ uid: 7, local: '0100007F:0016' })}${table}`, ends)).toBe(
      1_000,
    );
  });

  it.each([
    ['of the server', row({ local: '0100007F:4965', remote: '0100007F:C350' })],
    ['of a socket that its process has closed, which shows uid 0', row({ state: '01', uid: 0, inode: 0 })],
    ['of a connection that is being closed', row({ state: '04', uid: 0 })],
    ['of another port', row({ local: '0100007F:C351' })],
    ['of another address', row({ local: '0200007F:C350' })],
    ['of a connection from the same port to another address', row({ remote: '0200007F:4965' })],
    ['that is cut short', row().slice(0, 60)],
  ])('takes nothing from a row %s', (_what, table) => expect(findUid(table, ENDS)).toBeUndefined());

  it('is not known where its own end is not', () => {
    expect(findUid(row(), { ...ENDS, localAddress: undefined })).toBeUndefined();
  });
});

describe('SocketUsers', () => {
  async function accepted(host: string): Promise<Socket> {
    const server: Server = createServer();
    onCleanUp(() => server.close());
    server.listen(0, host);
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, host);
    onCleanUp(() => client.destroy());
    const [socket] = (await once(server, 'connection')) as [Socket];
    onCleanUp(() => socket.destroy());
    return socket;
  }

  (LINUX ? it : it.skip).each(['127.0.0.1', '::1'])(
    'reads from the kernel who is connected over %s (needs Linux)',
    async (host) => {
      expect(await new SocketUsers().uidOf(await accepted(host))).toBe(process.getuid?.());
    },
  );

  it('answers no question from a table that was read before it, and reads one for many questions', async () => {
    const finish: ((table: string) => void)[] = [];
    const users = new SocketUsers(() => new Promise((resolve) => finish.push(resolve)));
    const first = users.uidOf(ENDS);
    const later = [users.uidOf(ENDS), users.uidOf(ENDS)];
    finish[0]?.('');
    expect(await first).toBeUndefined();
    expect(finish).toHaveLength(2);
    finish[1]?.(row());
    expect(await Promise.all(later)).toEqual([1_000, 1_000]);
    expect(finish).toHaveLength(2);
  });
});

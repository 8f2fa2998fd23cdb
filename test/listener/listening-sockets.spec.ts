import { once } from 'node:events';
import { connect, type Server } from 'node:net';

import { claimListener } from '../../src/listener/claim-listener.js';
import {
  isConnectionRow,
  isListenedOn,
  listeningSockets,
  parseListeningSocket,
  type ListeningSocket,
} from '../../src/listener/listening-sockets.js';
import { stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { LINUX } from '../kit/sockets.js';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 586 1 000000004089c1ef 100 0 0 10 0                       
   1: 0100007F:4965 00000000:0000 0A 00000002:00000001 00:00000000 00000000  1000        0 48213 1 0000000000000000 100 0 0 10 0                     
  12: 0100007F:B010 0100007F:4965 01 00000000:00000000 00:00000000 00000000  1000        0 48300 2 0000000000000000 20 4 30 10 -1                   
 345: 0100007F:8A1A 0100007F:A387 06 00000000:00000000 03:000006A8 00000000     0        0 0 3 000000000839b104                                      
4567: 0200A8C0:4965 00000000:0000 0A 00000000:00000000 02:00000A01 00000003 65534        7 99999 1 0000000000000000 100 0 0 10 0                   
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21532 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:4965 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 48214 1 0000000000000000 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:4966 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 48215 1 0000000000000000 100 0 0 10 0
   3: B80D0120000000000000000001000000:4965 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 48216 1 0000000000000000 100 0 0 10 0
   4: 00000000000000000000000001000000:9090 00000000000000000000000001000000:8F91 06 00000000:00000000 03:000006AB 00000000     0        0 0 3 00000000f1f21bd0
`;

function socketsIn(table: string, port: number): ListeningSocket[] {
  return table.split('\n').flatMap((row) => parseListeningSocket(row, port) ?? []);
}

describe('/proc/net/tcp', () => {
  it('has the sockets that listen on a port, and no others', () => {
    expect(socketsIn(TCP, 2024)).toEqual([{ address: '0.0.0.0', inode: '586', uid: 0 }]);
    expect(socketsIn(TCP, 18789)).toEqual([
      { address: '127.0.0.1', inode: '48213', uid: 1000 },
      { address: '192.168.0.2', inode: '99999', uid: 65534 },
    ]);
    expect(socketsIn(TCP, 45072)).toEqual([]);
  });

  it('has those of IPv6, a mapped address as IPv4', () => {
    expect(socketsIn(TCP6, 22)).toEqual([{ address: '::', inode: '21532', uid: 0 }]);
    expect(socketsIn(TCP6, 18789)).toEqual([
      { address: '::1', inode: '48214', uid: 1000 },
      { address: '2001:db8::1', inode: '48216', uid: 1000 },
    ]);
    expect(socketsIn(TCP6, 18790)).toEqual([{ address: '127.0.0.1', inode: '48215', uid: 1000 }]);
  });

  it('tells connections from sockets that listen', () => {
    expect(TCP.split('\n').map(isConnectionRow)).toEqual([false, false, false, true, true, false, false]);
  });

  it.each(['', 'sl local_address', TCP.slice(0, 200)])('can be cut short', (table) => {
    expect(socketsIn(table, 18789)).toEqual([]);
  });
});

(LINUX ? describe : describe.skip)('the kernel, asked without a connection,', () => {
  it('knows whether a socket listens on an address', async () => {
    const port = await freePort();
    const { port: held } = await listening('127.0.0.1');

    expect(isListenedOn({ host: '127.0.0.1', port: held })).toBe(true);
    expect(isListenedOn({ host: '::1', port: held })).toBe(false);
    expect(isListenedOn({ host: '127.0.0.1', port })).toBe(false);
  });

  it.each(['127.0.0.1', '::1'])('lists a socket that listens on %s', async (host) => {
    const { port } = await listening(host);

    expect(Array.from(listeningSockets(port), ({ address }) => address)).toEqual([host]);
  });

  it('knows it of one that listens on every address', async () => {
    const { port } = await listening('0.0.0.0');

    expect(isListenedOn({ host: '127.0.0.1', port })).toBe(true);
  });

  it('has no sockets where it has no such table, as on a machine without IPv6', () => {
    expect([...listeningSockets(18789, ['/proc/net/none'])]).toEqual([]);
  });

  it('is asked by a claim that is refused, which connects to none', async () => {
    const { server, port } = await listening('127.0.0.1');
    const connections: (number | undefined)[] = [];
    server.on('connection', (socket) => {
      connections.push(socket.remotePort);
      socket.destroy();
    });

    await expect(claimListener({ port })).rejects.toMatchObject({ code: 'GATEWAY_ALREADY_LISTENING' });

    // The kernel hands over connections in their order: one of the claim would come before this one.
    const last = connect(port, '127.0.0.1');
    await once(last, 'connect');
    const { localPort } = last;
    await once(last.resume(), 'close');
    expect(connections).toEqual([localPort]);
  });
});

/** On a port that no other test has on another address. */
async function listening(host: string): Promise<{ readonly server: Server; readonly port: number }> {
  const port = await freePort();
  return { server: await stranger({ host, port }), port };
}

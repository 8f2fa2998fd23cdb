import { readFileSync } from 'node:fs';

import { TCP_TABLES } from '../../src/common/kernel-table.js';
import { countEstablished, listeningHosts } from '../../src/holder/port-statistics.js';
import { stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { LINUX } from '../kit/sockets.js';

const PORT = 18_789;
/** Rows as proc_pid_net(5) has them on a little-endian machine: 0x4965 is 18789. */
const TABLE = `  sl  local_address rem_address   st
   0: 0100007F:4965 00000000:0000 0A 00000000:00000000
   1: 00000000:4965 00000000:0000 0A 00000000:00000000
   2: 0100007F:4965 0100007F:C350 01 00000000:00000000
   3: 0100007F:C350 0100007F:4965 01 00000000:00000000
   4: 0100007F:4966 00000000:0000 0A 00000000:00000000
`;
const TABLE6 = `  sl  local_address rem_address   st
   0: 00000000000000000000000001000000:4965 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000000000000:4965 00000000000000000000000000000000:0000 0A
   2: 0000000000000000FFFF00000100007F:4965 00000000000000000000000000000000:0000 0A
`;

describe('the tables of the kernel', () => {
  it('tell on which addresses a port is listened on', () => {
    expect(listeningHosts(TABLE, PORT)).toEqual(['127.0.0.1', '0.0.0.0']);
    expect(listeningHosts(TABLE6, PORT)).toEqual(['::1', '::', '127.0.0.1']);
    expect(listeningHosts('', PORT)).toEqual([]);
  });

  it('tell how many connections there are, each by the end of its server', () => {
    expect(countEstablished(TABLE, PORT)).toBe(1);
  });

  (LINUX ? it : it.skip).each(['127.0.0.1', '::1'])('of this machine name %s (needs Linux)', async (host) => {
    const port = await freePort();
    await stranger({ host, port });

    expect(TCP_TABLES.flatMap((table) => listeningHosts(readFileSync(table, 'latin1'), port))).toEqual([host]);
  });
});

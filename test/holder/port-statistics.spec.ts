import { countEstablished } from '../../src/holder/port-statistics.js';

const PORT = 18_789;
/** Rows as proc_pid_net(5) has them on a little-endian machine: 0x4965 is 18789. */
const TABLE = `  sl  local_address rem_address   st
   0: 0100007F:4965 00000000:0000 0A 00000000:00000000
   1: 00000000:4965 00000000:0000 0A 00000000:00000000
   2: 0100007F:4965 0100007F:C350 01 00000000:00000000
   3: 0100007F:C350 0100007F:4965 01 00000000:00000000
   4: 0100007F:4966 00000000:0000 0A 00000000:00000000
`;

describe('the tables of the kernel', () => {
  it('tell how many connections there are, each by the end of its server', () => {
    expect(countEstablished(TABLE, PORT)).toBe(1);
    expect(countEstablished('', PORT)).toBe(0);
  });
});

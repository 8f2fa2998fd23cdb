import {
  hasGatewayTitle,
  isConnectionRow,
  parseListeningSocket,
  parseListeningUnixSocket,
  parseStartTime,
  parseStatus,
  parseUserName,
  type ListeningSocket,
} from '../../src/holder/proc-files.js';

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

function listeningSockets(table: string, port: number): ListeningSocket[] {
  return table.split('\n').flatMap((row) => parseListeningSocket(row, port) ?? []);
}

describe('/proc/net/tcp', () => {
  it('has the sockets that listen on a port, and no others', () => {
    expect(listeningSockets(TCP, 2024)).toEqual([{ address: '0.0.0.0', inode: '586', uid: 0 }]);
    expect(listeningSockets(TCP, 18789)).toEqual([
      { address: '127.0.0.1', inode: '48213', uid: 1000 },
      { address: '192.168.0.2', inode: '99999', uid: 65534 },
    ]);
    expect(listeningSockets(TCP, 45072)).toEqual([]);
  });

  it('has those of IPv6, a mapped address as IPv4', () => {
    expect(listeningSockets(TCP6, 22)).toEqual([{ address: '::', inode: '21532', uid: 0 }]);
    expect(listeningSockets(TCP6, 18789)).toEqual([
      { address: '::1', inode: '48214', uid: 1000 },
      { address: '2001:db8::1', inode: '48216', uid: 1000 },
    ]);
    expect(listeningSockets(TCP6, 18790)).toEqual([{ address: '127.0.0.1', inode: '48215', uid: 1000 }]);
  });

  it('tells connections from sockets that listen', () => {
    expect(TCP.split('\n').map(isConnectionRow)).toEqual([false, false, false, true, true, false, false]);
  });

  it.each(['', 'sl local_address', TCP.slice(0, 200)])('can be cut short', (table) => {
    expect(listeningSockets(table, 18789)).toEqual([]);
  });
});

const STATUS = `Name:\tnode
Umask:\t0022
State:\tT (stopped)
Tgid:\t5000
NSpid:\t5000\t7
Uid:\t1000\t65534\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
`;

describe('/proc/PID/status', () => {
  it('has the effective user, and the pid in each namespace', () => {
    expect(parseStatus(STATUS)).toEqual({ uid: 65534, pidsInNamespaces: [5000, 7] });
  });

  it('has neither where it is empty', () => {
    expect(parseStatus('')).toEqual({ pidsInNamespaces: [] });
  });
});

const FIELDS_FROM_4 =
  '1 24203 23184 0 -1 4194304 99 0 0 0 0 0 0 0 20 0 11 0 357342 3133440 382 18446744073709551615 94508788862976';
const SYSTEM = 'cpu  54258 0 1 2\nintr 1 2 3\nctxt 99\nbtime 1795362899\nprocesses 24209\n';

describe('/proc/PID/stat', () => {
  it.each(['node', 'a (b) c', ') S 1 2 3', 'two\nlines'])('of the program %j says when it was started', (name) => {
    expect(parseStartTime(`24209 (${name}) T ${FIELDS_FROM_4}`, SYSTEM)).toBe(1_795_362_899_000 + 3_573_420);
  });

  it.each([
    ['', SYSTEM],
    [`24209 (node) T ${FIELDS_FROM_4}`, ''],
    ['24209 (node) T 1 2', SYSTEM],
  ])('can be missing', (processStat, systemStat) => {
    expect(parseStartTime(processStat, systemStat)).toBeUndefined();
  });
});

describe('/proc/PID/cmdline', () => {
  it.each([
    ['openclaw-gateway\0'],
    [`openclaw-gateway${'\0'.repeat(40)}`],
    // After `node app.js`, and `node main.js`.
    ['openclaw-ga\0'],
    ['openclaw-gat\0'],
  ])('%j is that of a gateway', (commandLine) => {
    expect(hasGatewayTitle(commandLine)).toBe(true);
  });

  it.each([
    '',
    '\0',
    'node\0dist/main.js\0',
    'openclaw\0',
    'openclaw\0gateway\0',
    'openclaw-ga\0status\0',
    'openclaw-gateway-tool\0',
    '/usr/bin/openclaw-gateway\0',
    'node\0openclaw-gateway\0',
  ])('%j is not', (commandLine) => {
    expect(hasGatewayTitle(commandLine)).toBe(false);
  });
});

describe('/proc/net/unix', () => {
  const NAME = `openclaw-gateway-profile-1-2${'-'.repeat(79)}`;
  const TABLE = `Num       RefCount Protocol Flags    Type St Inode Path
00000000a11520ea: 00000003 00000000 00000000 0001 03 30 @${NAME}
00000000a11520eb: 00000002 00000000 00010000 0001 01 31 @${NAME}x
00000000a11520ec: 00000002 00000000 00010000 0001 01 32 @${NAME}
00000000a11520ed: 00000002 00000000 00010000 0001 01 33 /run/a b.sock
00000000a11520ee: 00000002 00000000 00000000 0002 01 34
`;

  it.each([
    [`\0${NAME}`, '32'],
    ['/run/a b.sock', '33'],
    ['/run/other.sock', undefined],
  ])('has the inode of the socket %j that listens: %s', (socketPath, inode) => {
    expect(parseListeningUnixSocket(TABLE, socketPath)).toBe(inode);
  });
});

describe('/etc/passwd', () => {
  const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nsync:x:4:65534:sync:/bin:/bin/sync\nnobody:x:65534:65534::/:\n';

  it.each([
    [0, 'root'],
    [65534, 'nobody'],
    [4, 'sync'],
    [1000, undefined],
  ])('calls the user %i %s', (uid, name) => {
    expect(parseUserName(PASSWD, uid)).toBe(name);
  });
});

import {
  hasGatewayTitle,
  parseListeningUnixSocket,
  parseStartTime,
  parseStatus,
  parseUserName,
} from '../../src/holder/proc-files.js';

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

import { judgeFailedConnect } from '../../src/holder/failed-connect.js';

const V4 = { host: '127.0.0.1', port: 1 };
/** Not of this machine: for documentation alone (RFC 3849). */
const ABSENT_V6 = { host: '2001:db8::1', port: 1 };
const SOCKET = { socketPath: '/x' };

describe('a connect that fails', () => {
  it.each([
    ['ECONNREFUSED', V4, 'refused'],
    ['EAFNOSUPPORT', ABSENT_V6, 'refused'],
    ['ENOENT', SOCKET, 'refused'],
    ['ECONNRESET', V4, 'closed'],
    ['ETIMEDOUT', V4, 'silent'],
    ['EMFILE', V4, 'unknown'],
    ['ENFILE', V4, 'unknown'],
    ['ENOBUFS', V4, 'unknown'],
    ['ENOMEM', SOCKET, 'unknown'],
    ['EACCES', V4, 'unknown'],
    ['EPERM', V4, 'unknown'],
    ['EADDRNOTAVAIL', V4, 'unknown'],
    ['EADDRNOTAVAIL', { host: '127.9.9.9', port: 1 }, 'unknown'],
    ['EADDRNOTAVAIL', ABSENT_V6, 'refused'],
    ['EAGAIN', V4, 'unknown'],
    ['EAGAIN', SOCKET, 'silent'],
  ] as const)('with %s to %j says of the address: %s', (code, endpoint, expected) => {
    expect(judgeFailedConnect(Object.assign(new Error(code), { code }), endpoint)).toBe(expected);
  });
});

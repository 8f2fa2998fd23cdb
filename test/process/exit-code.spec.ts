import { GatewayLockError } from '../../src/listener/gateway-lock.error.js';
import { exitCodeOf } from '../../src/process/exit-code.js';

const failedBind = (code: string): GatewayLockError =>
  GatewayLockError.bindFailed({ host: '127.0.0.1', port: 1 }, Object.assign(new Error(code), { code }));

describe('the exit code of a failed bind', () => {
  it.each([
    ['EADDRNOTAVAIL', 75],
    ['EMFILE', 75],
    ['ENFILE', 75],
    ['ENOBUFS', 75],
    ['ENOMEM', 75],
    ['EACCES', 71],
    ['EINVAL', 71],
  ])('tells whether the reason may pass: %s, %i', (code, expected) => {
    expect(exitCodeOf(failedBind(code))).toBe(expected);
  });
});

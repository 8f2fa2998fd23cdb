import { uidOfTheUnmapped } from '../../src/common/user-namespace.js';
import { LINUX } from '../kit/sockets.js';

(LINUX ? it : it.skip).each([
  ['no user where each has its own number', '         0          0 4294967295\n', '65534\n', -1],
  ['all others of a namespace with a few users', '         0       1000          1\n', '65534\n', 65_534],
  ['all users of a namespace with none', '', '65534\n', 65_534],
  ['all others by the number that the kernel was told', '0 100000 65536\n', '60000\n', 60_000],
  ['all others where the kernel hides that number', '0 100000 65536\n', '', 65_534],
])('one number stands for %s', (_whom, map, overflow, uid) => {
  expect(uidOfTheUnmapped(map, overflow)).toBe(uid);
});

import { profileSocketPath } from '../../src/state-folder/profile-lock.js';
import { socketOf } from '../kit/profile.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

describe('the socket of a profile', () => {
  (LINUX ? it : it.skip)(
    'the name of the socket fills all the room there is, which versions of Node do not do alike',
    () => {
      expect(Buffer.byteLength(socketOf(tempFolder()))).toBe(108);
    },
  );

  it('two folders of the same inode on two disks have a socket each', () => {
    const paths = [1n, 2n].map((device) => profileSocketPath('/x', { device, inode: 7n }, 'linux'));

    expect(new Set(paths).size).toBe(2);
  });
});

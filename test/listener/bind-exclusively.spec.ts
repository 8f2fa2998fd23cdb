import { bindExclusively } from '../../src/listener/bind-exclusively.js';
import { freePort } from '../kit/ports.js';

const inUse = Object.assign(new Error('bind EADDRINUSE'), { code: 'EADDRINUSE' });

describe('a bind to an address that is taken, where nothing listens,', () => {
  it('is tried again, since its holder may be dying', async () => {
    const bind = jest.fn<Promise<string>, []>().mockRejectedValueOnce(inUse).mockResolvedValue('bound');

    expect(await bindExclusively(bind, [{ host: '127.0.0.1', port: await freePort() }])).toBe('bound');
    expect(bind).toHaveBeenCalledTimes(2);
  });

  it('fails in the end, and not before four attempts', async () => {
    const bind = jest.fn<Promise<string>, []>().mockRejectedValue(inUse);
    const past = performance.now();

    // Without a probe, since a busy machine may not hear of its refusal in the least time that it is given.
    await expect(bindExclusively(bind, [], past)).rejects.toBe(inUse);
    expect(bind).toHaveBeenCalledTimes(4);
  });

  it('is not tried again for another reason', async () => {
    const bind = jest.fn<Promise<string>, []>().mockRejectedValue(new Error('EACCES'));

    await expect(bindExclusively(bind, [])).rejects.toThrow('EACCES');
    expect(bind).toHaveBeenCalledTimes(1);
  });
});

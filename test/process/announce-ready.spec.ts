import type { GatewayLockService } from '../../src/lock/gateway-lock.service.js';
import { announceReady } from '../../src/process/announce-ready.js';

const URL = 'ws://127.0.0.1:18789';

function printed(options: Parameters<typeof announceReady>[1]): string {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  announceReady({ url: URL, addresses: [{ url: URL }] } as unknown as GatewayLockService, options);
  const [[text] = []] = write.mock.calls;
  write.mockRestore();
  return String(text);
}

describe('a gateway that is ready', () => {
  it('says where it listens, and how it is stopped', () => {
    expect(printed({ json: false, isManaged: false })).toBe(
      `gateway listening on ${URL}\naddresses: ${URL}\nto stop it: press Ctrl-C, or run: kill ${process.pid}\n`,
    );
  });

  it('has no Ctrl-C under a service manager', () => {
    expect(printed({ json: false, isManaged: true })).toBe(`gateway listening on ${URL}\naddresses: ${URL}\n`);
  });

  it('says it in one line to a script', () => {
    expect(JSON.parse(printed({ json: true, isManaged: true }))).toEqual({
      ok: true,
      url: URL,
      addresses: [URL],
      pid: process.pid,
    });
  });
});

import tty from 'node:tty';

import type { GatewayLockService } from '../../src/lock/gateway-lock.service.js';
import { announceReady } from '../../src/process/announce-ready.js';
import { onCleanUp } from '../kit/cleaner.js';

const URL = 'ws://127.0.0.1:18789';
const LOCK = { url: URL, addresses: [{ url: URL }] } as unknown as GatewayLockService;

function printed({ isTTY = false, json = false, isManaged = false }): string {
  const isatty = jest.spyOn(tty, 'isatty').mockReturnValue(isTTY);
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  onCleanUp(() => {
    write.mockRestore();
    isatty.mockRestore();
  });
  announceReady(LOCK, { json, isManaged });
  return String(write.mock.lastCall?.[0]);
}

describe('a gateway that is ready', () => {
  it('says where it listens, and how it is stopped', () => {
    expect(printed({ isTTY: true })).toBe(
      `gateway listening on ${URL}\naddresses: ${URL}\nto stop it: press Ctrl-C, or run: kill ${process.pid}\n`,
    );
  });

  it('speaks of Ctrl-C only where there is a keyboard', () => {
    expect(printed({})).toBe(`gateway listening on ${URL}\naddresses: ${URL}\nto stop it: kill ${process.pid}\n`);
  });

  it('is not to be killed under a service manager', () => {
    expect(printed({ isManaged: true })).toBe(`gateway listening on ${URL}\naddresses: ${URL}\n`);
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

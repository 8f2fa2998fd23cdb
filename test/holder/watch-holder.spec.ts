import type { Socket } from 'node:net';

import { watchHolder } from '../../src/holder/watch-holder.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { portOf, stranger } from '../kit/net.js';

const AGREED = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n';

function watch(port: number, onAgreed?: () => void): Promise<boolean> {
  const stop = new AbortController();
  onCleanUp(() => stop.abort());
  return watchHolder({ host: '127.0.0.1', port }, { signal: stop.signal, ...(onAgreed && { onAgreed }) });
}

describe('a watch', () => {
  it.each([
    ['agrees, and sends without end', AGREED],
    ['sends interim responses without end', ''],
  ])('ends on a holder that %s, and does not believe it', async (_does, head) => {
    const block = 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(2_000);
    let sent: Promise<number> | undefined;
    const server = await stranger({}, (socket) => {
      sent = new Promise((resolve) => socket.once('close', () => resolve(socket.bytesWritten)));
      const send = (): void => {
        while (socket.writable && socket.write(block));
      };
      socket.on('drain', send).write(head);
      socket.once('data', send);
    });

    expect(await within(10_000, 'the end of the watch', watch(portOf(server)))).toBe(false);
    // What fits into the kernel's buffers, and no more.
    expect(await sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('is believed on a holder that sends what a gateway does, after a pause of an hour too', async () => {
    let connection: Socket | undefined;
    const server = await stranger({}, (socket) => {
      connection = socket;
      socket.once('data', () => socket.write(`${AGREED}${'\n'.repeat(3_600)}`));
    });

    const watched = watch(portOf(server), () => connection?.end());

    expect(await within(10_000, 'the end of the watch', watched)).toBe(true);
  });
});

import { createServer } from 'node:http';
import type { Server } from 'node:net';

import { ClaimedListener, type LateAddress } from '../../src/listener/claimed-listener.js';
import { listenOnce } from '../../src/listener/listen-once.js';
import { onCleanUp } from '../kit/cleaner.js';
import { until } from '../kit/deadline.js';
import { rawConnection, stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';

const EVERY_MS = 5;
/** In place of `::1`, since a test cannot take IPv6 from this machine. */
const MISSING = { host: '127.0.0.2', ipv6Only: false, optional: true };

interface Late {
  readonly listener: ClaimedListener;
  readonly reports: LateAddress[];
  readonly port: number;
}

/** A listener that could not bind one of its addresses. */
async function incomplete(port: number): Promise<Late> {
  const listener = new ClaimedListener([await listenOnce({ host: '127.0.0.1', port })], MISSING);
  onCleanUp(() => listener.close());
  const reports: LateAddress[] = [];
  listener.completeLater((late) => reports.push(late), EVERY_MS);
  return { listener, reports, port: listener.port };
}

async function reported({ reports }: Late, count: number): Promise<void> {
  await until(5_000, `report ${count}`, () => reports.length === count);
}

/** On a port that no other test has on the other address. */
async function strangerBeside(): Promise<{ other: Server; port: number }> {
  const port = await freePort();
  return { other: await stranger({ host: MISSING.host, port }), port };
}

describe('an address that this machine did not have at the start', () => {
  it.each(['before', 'after'])('is taken, and served if the listener was adopted %s it', async (when) => {
    const late = await incomplete(await freePort());
    const { listener, port } = late;
    const http = createServer((_request, response) => response.end('here'));
    if (when === 'before') listener.adopt(http);

    await reported(late, 1);
    if (when === 'after') listener.adopt(http);

    const url = `ws://${MISSING.host}:${port}`;
    expect(late.reports).toEqual([{ url, isTaken: true }]);
    expect(listener.addresses.map((address) => address.url)).toEqual([`ws://127.0.0.1:${port}`, url]);
    expect(await (await fetch(url.replace('ws:', 'http:'))).text()).toBe('here');
  });

  it('is told of once while another process has it, and taken when that has gone', async () => {
    const { other, port } = await strangerBeside();
    const late = await incomplete(port);
    await reported(late, 1);
    // A further look or two.
    await rawConnection(port);
    other.close();

    await reported(late, 2);

    expect(late.reports.map(({ isTaken }) => isTaken)).toEqual([false, true]);
  });

  it('is left alone by a listener that was closed', async () => {
    const { other, port } = await strangerBeside();
    const late = await incomplete(port);
    await reported(late, 1);

    late.listener.close();
    other.close();

    late.listener.completeLater(() => undefined, EVERY_MS);
    await new Promise((resolve) => setTimeout(resolve, 4 * EVERY_MS));
    expect(late.listener.addresses).toHaveLength(1);
    expect(await isFree(port)).toBe(true);
  });
});

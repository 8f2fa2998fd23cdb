import { startGateway } from '../kit/gateway.js';
import { muteWebSocket, rawConnection } from '../kit/net.js';
import { isFree } from '../kit/ports.js';
import { Operator } from '../kit/operator.js';
import { proven } from '../kit/proven.js';

const CLIENTS = 1_000;
const MUTE = 20;
/** How many are opened at a time, so that the backlog of the listener is not what is tested. */
const BATCH = 100;

it(`tells ${CLIENTS} clients, whatever others do, and frees the port`, async () => {
  const { program, port, url } = await startGateway();
  const addresses = [url, `ws://[::1]:${port}`];
  const clients: Operator[] = [];
  while (clients.length < CLIENTS) {
    clients.push(
      ...(await Promise.all(Array.from({ length: BATCH }, (_, index) => Operator.open(addresses[index % 2] ?? url)))),
    );
  }
  await Promise.all(Array.from({ length: MUTE }, () => muteWebSocket(url)));
  const halfSent = await rawConnection(port);
  halfSent.write('GET / HTTP/1.1\r\nHost: ');

  program.signal('SIGTERM');

  const codes = new Map<number, number>();
  for (const client of clients) {
    const { code } = await client.close();
    codes.set(code, (codes.get(code) ?? 0) + 1);
    expect(await client.event('shutdown')).toMatchObject({ payload: { reason: 'SIGTERM', restartExpectedMs: null } });
  }
  expect([...codes]).toEqual([[1001, CLIENTS]]);
  expect(await program.exit()).toEqual({ code: 0, signal: null });
  expect(await isFree(port)).toBe(true);
  proven(`${CLIENTS} clients told and closed with 1001, beside ${MUTE} that never answer and a half-sent request`);
});

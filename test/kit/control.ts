import { ProbeHttpAdapter } from '../../src/serving/probe-http.adapter.js';
import { ControlMethodsModule, GatewayClients, GatewayWsAdapter } from '../../src/index.js';
import { createApp, type AppParts, type TestApp } from './app.js';
import { within } from './deadline.js';
import { Operator } from './operator.js';
import { TOKEN } from './token.js';

/** Only a failure waits for so long; in milliseconds. */
const DEADLINE_MS = 20_000;

export interface ControlApp extends TestApp {
  readonly adapter: GatewayWsAdapter;
  readonly clients: GatewayClients;
}

/** A gateway with the protocol of the control port, and what else it is given; not yet started. */
export async function createControl({ lock, imports = [], ...parts }: AppParts = {}): Promise<ControlApp> {
  const created = await createApp({
    lock: { protocol: 'openclaw', auth: { token: TOKEN }, ...lock },
    imports: [ControlMethodsModule, ...imports],
    http: new ProbeHttpAdapter(),
    ...parts,
  });
  const { app } = created;
  return { ...created, adapter: app.get(GatewayWsAdapter), clients: app.get(GatewayClients) };
}

export async function startControl(parts: AppParts = {}): Promise<ControlApp> {
  const created = await createControl(parts);
  await created.app.init();
  return created;
}

/** Resolves when a gateway has no connection left but those that came first; rejects if it keeps another. */
export async function emptied(adapter: GatewayWsAdapter, butFirst = 0): Promise<void> {
  for (;;) {
    const socket = [...adapter.clients][butFirst];
    if (!socket) return;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await within(DEADLINE_MS, 'the end of a connection', closed);
  }
}

/** That a gateway serves those who keep to the rules, and has lost no client's connection. */
export async function expectUnharmed({ lock, adapter }: ControlApp): Promise<void> {
  const operator = await Operator.open(lock.url);
  expect(await operator.call('health')).toMatchObject({ ok: true, payload: { ok: true } });
  operator.client.socket.close();
  await operator.close();
  await emptied(adapter);
}

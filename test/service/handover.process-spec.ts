import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import { onCleanUp, sharedByTests } from '../kit/cleaner.js';
import { until } from '../kit/deadline.js';
import { Load } from '../kit/load.js';
import { DEADLINE_MS, managedGateway, replaced, UNIT } from '../kit/managed-gateway.js';
import { Operator } from '../kit/operator.js';
import { parse } from '../kit/openclaw.js';
import { proven } from '../kit/proven.js';
import { NO_USER_MANAGER, type UserManager } from '../kit/user-manager.js';

/** In a run of the whole suite; `TEST_HANDOVERS=20` for a longer look. */
const HANDOVERS = Number(process.env['TEST_HANDOVERS'] ?? 3);

let handovers = 0;
afterAll(() => proven(`${handovers} hand-overs to a new process, and no connection was refused or cut off`));

(NO_USER_MANAGER ? describe.skip : describe)(`under a real systemd --user${NO_USER_MANAGER}`, () => {
  it('a hand-over refuses no connection, cuts none off, and has WebSocket clients come back', async () => {
    const { manager, port } = await managedGateway();
    const token = readFileSync(join(manager.home, '.openclaw/gateway.token'), 'utf8').trim();
    const load = new Load(port);

    for (let handover = 0; handover < HANDOVERS; handover++) {
      const operators = [
        await Operator.open(`ws://127.0.0.1:${port}`, { token }),
        await Operator.open(`ws://[::1]:${port}`, { token }),
      ];
      const { code, stdout } = await manager.openclaw('restart', '--handover', '--json');
      expect(code).toBe(0);
      expect(await manager.property(UNIT, 'MainPID')).toBe(String(parse(stdout)['pid']));
      for (const operator of operators) expect((await operator.close()).code).toBe(1012);
    }

    const { answered, refused, cutOff } = await load.stop();
    expect(answered).toBeGreaterThan(0);
    expect({ refused, cutOff }).toEqual({ refused: 0, cutOff: 0 });
    expect(await manager.property(UNIT, 'NRestarts')).toBe('0');
    // The manager watches the new process as it did the first one.
    await replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT));
    handovers += HANDOVERS;
  });

  it('a new process that cannot start leaves the gateway and its clients as they are', async () => {
    const { manager, port } = await managedGateway();
    const token = readFileSync(join(manager.home, '.openclaw/gateway.token'), 'utf8').trim();
    const pid = await manager.property(UNIT, 'MainPID');
    const operator = await Operator.open(`ws://127.0.0.1:${port}`, { token });
    writeFileSync(join(manager.home, '.openclaw/openclaw.json'), '{ "gateway": { "port": "x" } }');

    const { ok, error } = await operator.call('gateway.handover');

    expect(ok).toBe(false);
    expect(error).toMatchObject({ details: { exitCode: 64 } });
    expect(error?.message).toMatch(
      /^the new gateway ended with 64, and this one goes on; it said: .*openclaw.json: gateway.port: "x"/,
    );
    expect(await manager.property(UNIT, 'MainPID')).toBe(pid);
    expect((await operator.call('health')).ok).toBe(true);
  });

  describe('killed on the way', () => {
    const shared = sharedByTests(() => managedGateway());

    it.each([
      ['has a successor', async (manager: UserManager) => (await manager.processes(UNIT)).length > 1],
      ['is about to stop', isHandingOver],
      [
        'is no longer the service',
        async (manager: UserManager, pid: string) => (await manager.property(UNIT, 'MainPID')) !== pid,
      ],
    ])('one that %s leaves one gateway, and no more', async (_when, isSo) => {
      const { manager, port, pid, load, asked } = await askedToHandOver(shared());

      await until(DEADLINE_MS, 'the moment', () => isSo(manager, pid));
      await manager.run('kill', '-KILL', pid);

      await asked;
      await onlyOne(manager, port, pid);
      expect((await load.stop()).refused).toBe(0);
    });

    it.each(['old', 'new'])('the %s one leaves one gateway where neither of the two serves', async (which) => {
      const { manager, port, pid, load, asked, slow } = await askedToHandOver(shared());
      const log = join(manager.home, 'gateway.log');
      const { length } = readFileSync(log, 'utf8');
      await until(DEADLINE_MS, 'the decision', () => isHandingOver(manager));
      const heir = (await manager.processes(UNIT)).find((one) => one !== pid) ?? '0';
      // It hears that it may start, and does not yet.
      await manager.run('kill', '-STOP', heir);
      slow.write(' HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      await until(DEADLINE_MS, 'the stop', () => readFileSync(log, 'utf8').slice(length).includes(' is free'));

      await manager.run('kill', '-KILL', which === 'old' ? pid : heir);

      await asked;
      await onlyOne(manager, port, pid);
      expect((await manager.processes(UNIT)).includes(heir)).toBe(false);
      expect((await load.stop()).refused).toBe(0);
    });
  });
});

async function isHandingOver(manager: UserManager): Promise<boolean> {
  return (await manager.property(UNIT, 'StatusText')).startsWith('handing');
}

interface Asked {
  readonly manager: UserManager;
  readonly port: number;
  /** The process ID of the gateway that is to hand over. */
  readonly pid: string;
  readonly load: Load;
  /** A client that has begun a request. */
  readonly slow: Socket;
  /** The end of the command. */
  readonly asked: Promise<unknown>;
}

async function askedToHandOver({ manager, port }: { manager: UserManager; port: number }): Promise<Asked> {
  const pid = await manager.property(UNIT, 'MainPID');
  const load = new Load(port);
  // The gateway waits for the rest of this request, so that none of the moments passes unseen on a busy machine.
  const slow = connect(port, '127.0.0.1').on('error', () => undefined);
  onCleanUp(() => slow.destroy());
  await once(slow, 'connect');
  slow.write('GET /healthz');
  return { manager, port, pid, load, slow, asked: manager.openclaw('restart', '--handover') };
}

/** Waits until the service is one process, and another than before, and sees that it is the gateway. */
async function onlyOne(manager: UserManager, port: number, before: string): Promise<void> {
  await until(DEADLINE_MS, 'the one gateway', async () => {
    const { MainPID: main = '', ActiveState: state } = await manager.properties(UNIT, 'MainPID', 'ActiveState');
    return state === 'active' && main !== before && (await manager.processes(UNIT)).join() === main;
  });
  expect(parse((await manager.openclaw('status', '--port', port, '--json')).stdout)).toMatchObject({
    verdict: 'ready',
    holder: { card: { pid: Number(await manager.property(UNIT, 'MainPID')) } },
  });
}

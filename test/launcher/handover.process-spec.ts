import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

import { LaunchHistory } from '../../src/launcher/launch-history.js';
import { onCleanUp } from '../kit/cleaner.js';
import { until } from '../kit/deadline.js';
import { call, cardOf, gone, launchFolder, processesIn, start } from '../kit/launched.js';
import { Load } from '../kit/load.js';
import { parse } from '../kit/openclaw.js';
import { Operator } from '../kit/operator.js';
import { freePort, isFree } from '../kit/ports.js';

const DEADLINE_MS = 60_000;

describe('a gateway in the background', () => {
  it('hands over to a new process, which is the launched one from then on', async () => {
    const folder = launchFolder();
    const port = await freePort();
    const first = await start(folder, port);
    const operator = await Operator.open(first.url);
    const load = new Load(port);

    const { code, stdout } = await call(folder, ['restart', '--handover', '--json']);

    expect(code).toBe(0);
    const second = (await cardOf(port)).pid;
    expect(parse(stdout)).toMatchObject({ pid: second });
    const { launched } = LaunchHistory.read(folder);
    expect(launched?.pid).toBe(second);
    expect(launched?.flags).toContain(`--port=${port}`);
    expect((await operator.close()).code).toBe(1012);
    await gone(first.pid);

    process.kill(second, 'SIGUSR2');
    await gone(second);
    expect(processesIn(folder)).toEqual([(await cardOf(port)).pid]);
    const { answered, refused, cutOff } = await load.stop();
    expect(answered).toBeGreaterThan(0);
    expect({ refused, cutOff }).toEqual({ refused: 0, cutOff: 0 });

    expect((await call(folder, ['stop'])).code).toBe(0);
    expect(await isFree(port)).toBe(true);
    await until(DEADLINE_MS, 'the end of all', () => processesIn(folder).length === 0);
  });

  it('leaves one that serves when it is killed after it has given up the port', async () => {
    const folder = launchFolder();
    const port = await freePort();
    const { pid, url, logFile } = await start(folder, port);
    // The gateway waits for the rest of this request, and stops after it.
    const slow = connect(port, '127.0.0.1').on('error', () => undefined);
    onCleanUp(() => slow.destroy());
    await once(slow, 'connect');
    slow.write('GET /healthz');
    const operator = await Operator.open(url);
    expect((await operator.call('gateway.handover')).ok).toBe(true);
    const heir = processesIn(folder).find((one) => one !== pid) ?? 0;
    // It hears that it may start, and does not yet.
    process.kill(heir, 'SIGSTOP');
    slow.write(' HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await until(DEADLINE_MS, 'the free port', () => readFileSync(logFile, 'utf8').includes(' is free'));

    process.kill(pid, 'SIGKILL');
    process.kill(heir, 'SIGCONT');

    expect((await cardOf(port)).pid).toBe(heir);
    await until(DEADLINE_MS, 'the launched one', () => LaunchHistory.read(folder).launched?.pid === heir);
    expect(processesIn(folder)).toEqual([heir]);
  });
});

import type { GatewayLockService } from '../../src/lock/gateway-lock.service.js';
import { RestartInPlace, startAnew } from '../../src/process/restart-in-place.js';
import { onCleanUp } from '../kit/cleaner.js';

/** Sets a property of this process until the test ends. */
function given(name: 'channel' | 'execve', value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(process, name);
  Object.defineProperty(process, name, { value, configurable: true, writable: true });
  onCleanUp(() => {
    if (before) Object.defineProperty(process, name, before);
    else Reflect.deleteProperty(process, name);
  });
}

function gateway(phase = 'ready'): { restart: RestartInPlace; beginShutdown: jest.Mock } {
  const beginShutdown = jest.fn(() => Promise.resolve());
  const restart = new RestartInPlace();
  restart.isReady({ phase, beginShutdown } as unknown as GatewayLockService, 1_000);
  return { restart, beginShutdown };
}

describe('a restart in place', () => {
  it('is scheduled once, and says when the gateway is expected back', () => {
    given('channel', undefined);
    given('execve', () => undefined);
    const { restart, beginShutdown } = gateway();

    expect([restart.isWanted, restart.request('an update').status]).toEqual([false, 'scheduled']);
    expect([restart.isWanted, restart.request('an update').status]).toEqual([true, 'coalesced']);
    expect(beginShutdown.mock.calls).toEqual([
      [{ reason: 'an update', restartExpectedMs: expect.any(Number) as unknown }],
    ]);
  });

  it.each<[string, unknown, unknown, string, RegExp]>([
    ['the gateway is not ready', undefined, () => undefined, 'draining', /^it is not ready$/],
    ['a parent waits for answers', {}, () => undefined, 'ready', /^its parent process has a channel to it$/],
    ['Node cannot replace the program', undefined, undefined, 'ready', /cannot replace the program of a process/],
  ])('is refused where %s', (_where, channel, execve, phase, because) => {
    given('channel', channel);
    given('execve', execve);
    const { restart, beginShutdown } = gateway(phase);

    expect(restart.request('an update')).toEqual({
      status: 'refused',
      because: expect.stringMatching(because) as unknown,
    });
    expect([restart.isWanted, beginShutdown.mock.calls]).toEqual([false, []]);
  });

  it('runs the same program with the same arguments', () => {
    const execve = jest.fn();
    given('execve', execve);

    expect(() => startAnew({ HOME: '/' })).toThrow('this process cannot start anew');
    const { execPath, execArgv, argv } = process;
    expect(execve.mock.calls).toEqual([[execPath, [execPath, ...execArgv, ...argv.slice(1)], { HOME: '/' }]]);
  });
});

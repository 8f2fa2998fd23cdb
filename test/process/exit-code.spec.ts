import { InputError } from '../../src/common/input.error.js';
import { NotAllowedError } from '../../src/common/not-allowed.error.js';
import { GatewayCallError, type CallFailure } from '../../src/control/client/gateway-call.error.js';
import { FleetError } from '../../src/fleet/fleet.error.js';
import { LaunchError, type LaunchFailure } from '../../src/launcher/launch.error.js';
import { GatewayLockError } from '../../src/listener/gateway-lock.error.js';
import type { Verdict } from '../../src/listener/holder.js';
import { describeError, exitCodeForManager, exitCodeOf } from '../../src/process/exit-code.js';

const address = { host: '127.0.0.1', port: 1 };
const failedBind = (code: string): GatewayLockError =>
  GatewayLockError.bindFailed(address, Object.assign(new Error(code), { code }));
const held = GatewayLockError.alreadyListening(address, new Error('EADDRINUSE'));

describe('the exit code of an agent of launchd, which is started again unless it is 0,', () => {
  it.each([64, 69, 71, 77, 78])('is 0 where another start would be refused too: %i', (code) => {
    expect(exitCodeForManager(code, true)).toBe(0);
    expect(exitCodeForManager(code, false)).toBe(code);
  });

  it.each([1, 75, 137])('is not where another start may help: %i', (code) => {
    expect(exitCodeForManager(code, true)).toBe(code);
  });
});

describe('the exit code of a failed bind', () => {
  it.each([
    ['EADDRNOTAVAIL', 75],
    ['EMFILE', 75],
    ['ENFILE', 75],
    ['ENOBUFS', 75],
    ['ENOMEM', 75],
    ['EACCES', 71],
    ['EINVAL', 71],
  ])('tells whether the reason may pass: %s, %i', (code, expected) => {
    expect(exitCodeOf(failedBind(code))).toBe(expected);
  });

  it('is that of a reason which stays where none is known: 71', () => {
    expect(exitCodeOf(GatewayLockError.bindFailed(address, new Error('no code')))).toBe(71);
  });
});

describe('the exit code of a start in a fleet that another host has', () => {
  const holder = { host: 'gw1', pid: 1, version: '1', token: 1n, url: null, since: 0 };

  it.each([
    ['answers', { ...holder, answers: true }, 78],
    ['is silent', { ...holder, answers: false }, 75],
    ['may not be looked at', { ...holder, answers: 'unknown' as const }, 75],
    ['is not known', undefined, 75],
  ])('where its gateway %s', (_how, active, expected) => {
    expect(exitCodeOf(new FleetError('GATEWAY_FLEET_IN_USE', 'another one is active', active))).toBe(expected);
  });
});

describe('the exit code of a refused start', () => {
  it.each<[Verdict, number]>([
    ['ready', 78],
    ['standby', 78],
    ['starting', 75],
    ['draining', 75],
    ['stalled', 75],
    ['blocked', 75],
    ['unknown', 75],
    ['foreign', 69],
  ])('by a holder that is %s: %i', (verdict, expected) => {
    expect(exitCodeOf(held.heldBy({ verdict, url: 'ws://127.0.0.1:1', ownership: 'unknown' }))).toBe(expected);
  });

  it('is that of what may pass where the holder was not asked: 75', () => {
    expect(exitCodeOf(held)).toBe(75);
  });
});

describe('the exit code of a call', () => {
  it.each<[CallFailure, number]>([
    ['unreachable', 3],
    ['refused', 1],
    ['not a gateway', 69],
    ['not ready', 75],
    ['unknown', 75],
    ['not allowed', 77],
  ])('that failed, since the gateway is %s: %i', (failure, expected) => {
    expect(exitCodeOf(new GatewayCallError(failure, 'why'))).toBe(expected);
  });
});

describe('the exit code of a launch', () => {
  it.each<[LaunchFailure, number]>([
    ['no log', 66],
    ['not started', 71],
    ['no storage', 71],
    ['held', 75],
    ['paused', 75],
    ['late', 75],
    ['died', 75],
    ['elsewhere', 78],
  ])('that failed with %s: %i', (failure, expected) => {
    expect(exitCodeOf(new LaunchError(failure, 'why'))).toBe(expected);
  });

  it('is that of the gateway, where it has died with one', () => {
    expect(exitCodeOf(new LaunchError('died', 'why', { exitCode: 71 }))).toBe(71);
  });
});

describe('an error that ends a program', () => {
  it.each([
    ['wrong input', new InputError('--port: 80x'), 64, '--port: 80x'],
    ['a file of another user', new NotAllowedError('not yours'), 77, 'not yours'],
    ['a refused start', held, 75, 'another gateway instance is already listening on ws://127.0.0.1:1'],
    ['a failed call', new GatewayCallError('unreachable', 'nothing there'), 3, 'nothing there'],
    ['a failed launch', new LaunchError('late', 'too late'), 75, 'too late'],
    ['what is not even an error', 'a text', 1, 'a text'],
  ])('is its message alone where it was written for people: %s', (_what, error, code, message) => {
    expect([exitCodeOf(error), describeError(error)]).toEqual([code, message]);
  });

  it('is its stack where it was not, as far as there is one', () => {
    const error = new Error('a mistake of ours');
    expect([exitCodeOf(error), describeError(error)]).toEqual([1, error.stack]);
    delete error.stack;
    expect(describeError(error)).toBe('a mistake of ours');
  });
});

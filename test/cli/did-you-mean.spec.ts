import { nearest } from '../../src/cli/did-you-mean.js';

const NAMES = ['run', 'start', 'status', 'stop', 'restart', 'logs', 'health', 'call', 'doctor', 'ports'];

describe('nearest', () => {
  it.each([
    ['statsu', 'status'],
    ['stats', 'status'],
    ['stop', 'stop'],
    ['stpo', 'stop'],
    ['strat', 'start'],
    ['restat', 'restart'],
    ['log', 'logs'],
    ['helth', 'health'],
    ['docter', 'doctor'],
    ['rnu', 'run'],
    ['now', undefined],
    ['x', undefined],
    ['', undefined],
    ['configure', undefined],
    ['st', undefined],
  ])('of %j is %j', (typed, name) => expect(nearest(typed, NAMES)).toBe(name));
});

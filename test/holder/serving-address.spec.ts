import { canonicalAddress, hostsToAsk, listenersServing } from '../../src/holder/serving-address.js';

function serving(addresses: readonly string[], host: string): string[] {
  return listenersServing(
    addresses.map((address) => ({ address })),
    host,
  ).map(({ address }) => address);
}

describe('of the listeners on a port', () => {
  it.each([
    ['127.0.0.1', ['::', '0.0.0.0', '127.0.0.1'], ['127.0.0.1']],
    ['127.0.0.1', ['::', '0.0.0.0'], ['0.0.0.0']],
    ['127.0.0.1', ['::1', '::'], ['::']],
    ['127.0.0.1', ['127.0.0.1', '127.0.0.1'], ['127.0.0.1', '127.0.0.1']],
    ['127.0.0.1', ['::1', '127.0.0.2', '10.0.0.1'], []],
    ['127.0.0.2', ['127.0.0.1', '0.0.0.0'], ['0.0.0.0']],
    ['::1', ['0.0.0.0', '127.0.0.1', '::'], ['::']],
    ['::1', ['::', '::1'], ['::1']],
    ['::1', ['127.0.0.1', '0.0.0.0'], []],
    ['::ffff:127.0.0.1', ['127.0.0.1'], ['127.0.0.1']],
    ['0:0:0:0:0:0:0:1', ['::1'], ['::1']],
    ['fe80::1%eth0', ['fe80::1'], ['fe80::1']],
    ['localhost', ['::1', '127.0.0.1'], ['127.0.0.1']],
    ['localhost', ['10.0.0.1', '::1'], ['::1']],
    ['0.0.0.0', ['10.0.0.1', '127.0.0.1'], ['127.0.0.1']],
    ['0.0.0.0', ['10.0.0.1', '0.0.0.0'], ['0.0.0.0']],
    ['0.0.0.0', ['10.0.0.1'], ['10.0.0.1']],
    ['::', ['2001:db8::1', '::1'], ['::1']],
    ['::', ['2001:db8::1'], ['2001:db8::1']],
    ['::', [], []],
    ['no-address.example', ['0.0.0.0'], []],
  ])('%s is served by, out of %j, %j', (host, addresses, expected) => {
    expect(serving(addresses, host)).toEqual(expected);
  });
});

describe('whom to ask', () => {
  it.each([
    ['localhost', ['127.0.0.1', '::1']],
    ['127.0.0.1', ['127.0.0.1']],
    ['0.0.0.0', ['127.0.0.1']],
    ['::', ['127.0.0.1', '::1']],
    ['10.0.0.1', ['10.0.0.1']],
  ])('about %s is %j', (host, expected) => {
    expect(hostsToAsk(host)).toEqual(expected);
  });
});

describe('an address', () => {
  it.each([
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['::ffff:7f00:1', '127.0.0.1'],
    ['fe80::1%lo0', 'fe80::1'],
    ['0000:0000:0000:0000:0000:0000:0000:0000', '::'],
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', 'localhost'],
  ])('%s has the one spelling %s', (address, expected) => {
    expect(canonicalAddress(address)).toBe(expected);
  });
});

import { parsePs, parseTasklist, pidServing } from '../../src/holder/port-owner-elsewhere.js';

describe('among the processes that are bound to a port', () => {
  it.each([
    ['127.0.0.1', 1],
    ['::1', 2],
    ['10.0.0.1', 3],
    ['localhost', 1],
    ['0.0.0.0', 1],
  ])('the one that serves %s is found', (host, pid) => {
    const bindings = [
      { host: '*', pid: 3 },
      { host: '::1', pid: 2 },
      { host: '127.0.0.1', pid: 1 },
    ];

    expect(pidServing(bindings, host)).toBe(pid);
  });

  it.each([[[]], [[{ host: '10.0.0.1', pid: 3 }]]])('there can be none: %j', (bindings) => {
    expect(pidServing(bindings, '127.0.0.1')).toBeUndefined();
  });
});

describe('ps', () => {
  it.each([
    ['openclaw-gateway', true],
    ['openclaw-gateway    ', true],
    ['openclaw-gateway-tool', false],
    ['/usr/local/bin/node server.js --name openclaw-gateway', false],
  ])('describes %j', (args, isGateway) => {
    expect(parsePs(4711, `  501 alice            Sun Nov  1 16:51:24 2026     ${args}\n`)).toEqual({
      pid: 4711,
      uid: 501,
      user: 'alice',
      command: args.trim(),
      startedAt: new Date(2026, 10, 1, 16, 51, 24).getTime(),
      isGateway,
      pidsInNamespaces: [4711],
    });
  });

  it('can say nothing', () => {
    expect(parsePs(4711, '')).toEqual({ pid: 4711, isGateway: false, pidsInNamespaces: [4711] });
  });
});

describe('tasklist', () => {
  it.each([
    ['node.exe', true],
    ['NODE.EXE', true],
    ['openclaw.exe', true],
    ['nodepad.exe', false],
    ['svchost.exe', false],
  ])('describes %s', (image, isGateway) => {
    expect(parseTasklist(4711, `\r\n"${image}","4711","Console","1","81,224 K"\r\n`)).toEqual({
      pid: 4711,
      command: image,
      isGateway,
      pidsInNamespaces: [4711],
    });
  });

  it('can say nothing', () => {
    const nothing = 'INFO: No tasks are running which match the specified criteria.\r\n';

    expect(parseTasklist(4711, nothing)).toEqual({ pid: 4711, isGateway: false, pidsInNamespaces: [4711] });
  });
});

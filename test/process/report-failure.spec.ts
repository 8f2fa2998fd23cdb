import { describeHolder, uptime } from '../../src/holder/describe-holder.js';
import type { Holder } from '../../src/index.js';
import { GatewayLockError } from '../../src/listener/gateway-lock.error.js';
import { holderLines, refusalDetails } from '../../src/process/report-failure.js';

const readyFor = (profile: string): Holder => ({
  verdict: 'ready',
  url: 'ws://127.0.0.1:1',
  ownership: 'same user',
  card: {
    service: 'openclaw-gateway',
    pid: 1,
    profile,
    version: '1.0.0',
    phase: 'ready',
    startedAt: 0,
    url: 'ws://127.0.0.1:1',
    instanceId: '00000000-0000-0000-0000-000000000000',
  },
});

const blocked: Holder = { verdict: 'blocked', url: 'ws://127.0.0.1:1', ownership: 'same user' };

const PLAIN = { color: false, program: 'openclaw' };
const STATUS = { ...PLAIN, port: 1, asked: 'status' } as const;

const cause = new Error('EADDRINUSE');
const address = { host: '127.0.0.1', port: 18_800 };
const heldBy = (holder: Holder): GatewayLockError =>
  GatewayLockError.alreadyListening({ host: '127.0.0.1', port: 1 }, cause).heldBy(holder);
const inUse = (profile: string): GatewayLockError =>
  GatewayLockError.profileInUse(profile, address, { socketPath: '/x' }, cause);

describe('what follows the first line of a refusal', () => {
  it('of a derived port: what it is needed for, and no command that would start a gateway on it', () => {
    const refusal = GatewayLockError.alreadyListening({ host: '127.0.0.1', port: 18_791 }, cause);
    const derived = refusal.derivedFrom(18_789, 'browser');
    const verdicts = ['ready', 'starting', 'blocked'] as const;

    const said = verdicts.map((verdict) =>
      refusalDetails(derived.heldBy({ verdict, url: derived.url, ownership: 'same user' }), PLAIN),
    );

    expect(refusalDetails(derived, PLAIN)).toEqual(['  needed for  browser, derived from port 18789']);
    expect(said).toEqual([
      [
        '  held by           a gateway that is ready',
        '  needed for        browser, derived from port 18789',
        '  see it            openclaw gateway status --port 18791',
        '  stop it           openclaw gateway stop --port 18791',
        '  use another port  openclaw gateway --port <port>',
      ],
      [
        '  held by                    a gateway that is starting',
        '  needed for                 browser, derived from port 18789',
        '  see it                     openclaw gateway status --port 18791',
        '  take over when it is gone  openclaw gateway --port 18789 --standby',
      ],
      [
        '  held by                    bound, but nothing listens',
        '  needed for                 browser, derived from port 18789',
        '  take over when it is gone  openclaw gateway --port 18789 --standby',
        '  use another port           openclaw gateway --port <port>',
      ],
    ]);
  });

  it('of a profile whose holder does not answer: nothing that would need its port', () => {
    const silent = inUse('rescue').heldBy({ verdict: 'stalled', url: 'unknown address', ownership: 'same user' });

    expect(silent.message).toBe('another gateway instance is already using profile rescue (unknown address)');
    expect(refusalDetails(silent, PLAIN).slice(1)).toEqual([
      '  take over when it is gone  openclaw gateway --profile rescue --port 18800 --standby',
    ]);
  });

  it('of a profile whose folder has a gateway under another name: nothing of ports, which would not help', () => {
    const other = inUse('rescue').heldBy(readyFor('work'));

    expect(refusalDetails(other, { ...PLAIN, profile: 'rescue' }).join('\n')).not.toContain('not yours');
  });

  it('puts no name into a command that a shell could understand', () => {
    const silent = inUse('x; reboot').heldBy({ verdict: 'blocked', url: 'unknown address', ownership: 'same user' });

    expect(refusalDetails(silent, PLAIN).join()).not.toContain('reboot');
  });

  it('is nothing where the holder was not asked', () => {
    expect(refusalDetails(inUse('default'), PLAIN)).toEqual([]);
  });
});

describe('what follows the first line of a refusal of an app without commands', () => {
  const APP = { color: false };
  const owner = { pid: 4_711, uid: process.geteuid?.() ?? 0, isGateway: true, pidsInNamespaces: [4_711] };
  const stalled: Holder = { verdict: 'stalled', url: 'ws://127.0.0.1:1', ownership: 'same user', owner };

  it('of a ready gateway: its name, and what the system and the options offer', () => {
    const { card, ...ready } = readyFor('default');
    const acme = { ...ready, owner, ...(card && { card: { ...card, name: 'acme', startedAt: Date.now() } }) };

    expect(refusalDetails(heldBy(acme), APP)).toEqual([
      '  held by           acme 1.0.0, profile default, pid 4711, ready, up 0 s',
      '  see it            ps -fp 4711',
      '  stop it           kill 4711',
      '  use another port  give another port to GatewayLockModule.forRoot()',
    ]);
  });

  it('of a process of another user: nothing that this user may not do', () => {
    const others = {
      ...readyFor('default'),
      ownership: 'other user',
      user: 'root',
      owner: { ...owner, uid: -1 },
    } as const;
    const unknown = { ...readyFor('default'), ownership: 'unknown', owner: { ...owner, uid: -1 } } as const;

    expect(refusalDetails(heldBy(others), APP)).toContain('  stop it           ask user root');
    expect(refusalDetails(heldBy(unknown), APP).join('\n')).not.toContain('stop it');
  });

  it('of one that hangs: how it is ended, or waited for', () => {
    expect(refusalDetails(heldBy(stalled), APP).slice(1)).toEqual([
      '  see it                     ps -fp 4711',
      '  end it                     kill -9 4711',
      "  take over when it is gone  give acquire: { wait: 'standby' } to GatewayLockModule.forRoot()",
    ]);
  });

  it('of a state folder: another one', () => {
    expect(refusalDetails(inUse('rescue').heldBy(readyFor('rescue')), APP).slice(1)).toEqual([
      '  use another state folder  give another stateFolder to GatewayLockModule.forRoot()',
    ]);
  });

  it('of an address that is not there yet: how it is waited for', () => {
    const notThere = Object.assign(new Error('EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' });
    const failed = GatewayLockError.bindFailed({ host: '192.0.2.1', port: 1 }, notThere);

    expect(refusalDetails(failed, APP)).toEqual([
      "  wait for it  give acquire: { wait: 'standby' } to GatewayLockModule.forRoot()",
    ]);
  });
});

describe('what is said of a holder', () => {
  it('is coloured on request alone', () => {
    expect(holderLines(blocked, { ...STATUS, color: false }).join('\n')).not.toContain('\u001b');
    expect(holderLines(blocked, { ...STATUS, color: true }).join('\n')).toContain('\u001b[2m');
  });

  it('advises for the profile of the holder, and for one of our own', () => {
    const text = refusalDetails(heldBy(readyFor('rescue')), { ...PLAIN, profile: 'dev' }).join('\n');

    expect(text).toContain('openclaw gateway --profile rescue status --port 1');
    expect(text).toContain('openclaw gateway --profile rescue stop --port 1');
    expect(text).toContain('openclaw gateway --profile dev --port 1 --force');
  });

  it('puts nothing into a command that a shell could take for another', () => {
    const commands = refusalDetails(heldBy(readyFor('x; rm -rf ~')), PLAIN).filter((line) => line.includes('openclaw'));

    expect(commands).toHaveLength(3);
    expect(commands.join('\n')).not.toContain('rm');
  });

  it('does not advise what the operator does already, or has tried without success', () => {
    const ready = readyFor('default');

    expect(holderLines(ready, STATUS).slice(1)).toEqual(['  stop it  openclaw gateway stop --port 1']);
    expect(refusalDetails(heldBy(ready), { ...PLAIN, hasFailed: true }).slice(1)).toEqual([
      '  see it            openclaw gateway status --port 1',
      '  use another port  openclaw gateway --port <port>',
    ]);
  });

  it('advises no stop of a gateway of which it was asked in vain whose it is', () => {
    const unknown = { ...readyFor('default'), ownership: 'unknown' } as const;

    expect(holderLines(unknown, STATUS).slice(1)).toEqual([]);
    expect(refusalDetails(heldBy(unknown), PLAIN).join('\n')).toContain('openclaw gateway stop --port 1');
  });

  it('has the pid that the operator can use, or says that there is none', () => {
    const contained = readyFor('default');
    const owner = { pid: 4_711, isGateway: true, pidsInNamespaces: [4_711, 1] };

    expect(describeHolder({ ...contained, owner })).toContain(', pid 4711, ready, ');
    expect(describeHolder({ ...contained, ownership: 'proven', isPidForeign: true })).toMatch(
      /, pid 1 in its own namespace, ready, up [^,]*$/,
    );
  });

  it('says what only a card says, of a process that was not found, as no more than that', () => {
    for (const isPidForeign of [{}, { isPidForeign: true }] as const) {
      expect(describeHolder({ ...readyFor('default'), ...isPidForeign })).toMatch(
        /^gateway 1\.0\.0, profile default, pid 1, ready, up .*, by its own account$/,
      );
    }
  });

  it('names what could not be found out', () => {
    expect(describeHolder({ verdict: 'foreign', url: 'ws://127.0.0.1:1', ownership: 'same user' })).toBe(
      'not a gateway; the operating system does not say what',
    );
    expect(describeHolder({ verdict: 'stalled', url: 'ws://127.0.0.1:1', ownership: 'same user' })).toBe(
      'accepts connections but does not answer: the operating system does not say who',
    );
  });

  it.each([
    [-5, '0 s'],
    [999, '0 s'],
    [7_400, '7 s'],
    [306_000, '5 min 6 s'],
    [3_600_000, '1 h'],
    [274_000_000, '3 d 4 h'],
  ])('%d ms are %s', (ms, text) => {
    expect(uptime(ms)).toBe(text);
  });
});

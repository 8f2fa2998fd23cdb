import { EventEmitter } from 'node:events';

import { Heir, HEIR_VARIABLE, type ParentChannel } from '../../src/service/heir.js';
import { whyNoHandover } from '../../src/service/supervisor.js';

/** The process that has started this one. */
class Parent extends EventEmitter {
  readonly said: unknown[] = [];
  connected = true;

  send = (word: unknown): boolean => this.said.push(word) > 0;

  disconnect(): void {
    this.connected = false;
  }
}

function successor(urls: string): { readonly heir: Heir | undefined; readonly parent: Parent } {
  const parent = new Parent();
  return { heir: Heir.take({ [HEIR_VARIABLE]: urls }, parent as unknown as ParentChannel), parent };
}

describe('a successor', () => {
  it('is a process that was passed listeners, and no child of it is one', () => {
    const environment = { [HEIR_VARIABLE]: 'ws://127.0.0.1:18789 ws://[::1]:18789', PATH: '/' };
    const parent = new Parent() as unknown as ParentChannel;

    expect(Heir.take(environment, parent)?.descriptors).toEqual([
      { descriptor: 3, name: 'gateway' },
      { descriptor: 4, name: 'gateway' },
    ]);
    expect(environment).toEqual({ PATH: '/' });
    expect(Heir.take(environment, parent)).toBeUndefined();
  });

  it('starts when it is told, and tells when it serves', async () => {
    const { heir, parent } = successor('ws://127.0.0.1:18789');
    const prepared = heir?.prepared();
    expect(parent.said).toEqual(['prepared']);
    parent.emit('message', 'go');
    await prepared;

    const ready = heir?.ready();
    expect(parent.said).toEqual(['prepared', 'ready']);
    expect(parent.connected).toBe(true);
    parent.emit('message', 'yours');
    await ready;
    expect(parent.connected).toBe(false);
  });

  it('starts when the other gateway is gone', async () => {
    const { heir, parent } = successor('ws://127.0.0.1:18789');
    const prepared = heir?.prepared();
    parent.emit('disconnect');
    await prepared;
    await heir?.ready();
  });

  it.each([
    [{ port: 18790 }, 'ws://127.0.0.1:18790'],
    [{ host: '127.0.0.2' }, 'ws://127.0.0.1:18789 and ws://127.0.0.2:18789'],
  ])('is not one for other addresses: %j', (settings, needed) => {
    const { heir } = successor('ws://127.0.0.1:18789');

    expect(() => heir?.check({})).not.toThrow();
    expect(() => heir?.check(settings)).toThrow(
      `--handover: the gateway listens on ws://127.0.0.1:18789, and is now to be on ${needed}: use restart`,
    );
  });
});

describe('a hand-over is refused', () => {
  it.each([
    [{ pm_id: '0' }, '', 'pm2, which would start another beside it: use pm2 restart'],
    [{ SUPERVISOR_ENABLED: '1' }, '', 'supervisord, which would start another beside it: use supervisorctl restart'],
    [{ XPC_SERVICE_NAME: 'x' }, '', 'launchd, which would start another beside it: use launchctl kickstart -k'],
    [{}, 's6-supervise', 's6, which would start another beside it: use s6-svc -r'],
    [{}, 'runsv', 'runit, which would start another beside it: use sv restart'],
  ])('under %j %s', (environment, parent, rest) => {
    expect(whyNoHandover(environment, parent)).toBe(`--handover: this gateway runs under ${rest}`);
  });

  it('elsewhere', () => {
    expect(whyNoHandover({ XPC_SERVICE_NAME: '0' }, 'bash')).toBe(
      '--handover: this gateway was started neither by systemd with Type=notify nor by start: use restart',
    );
  });
});

import { createServer, type Server } from 'node:http';

import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';

import { GatewayLockModule, GatewayLockService } from '../../src/index.js';
import { fakeGatewayLock } from '../../src/testing/index.js';
import { onCleanUp } from '../kit/cleaner.js';
import { freePort, isFree } from '../kit/ports.js';

/** A service of an app that uses the lock. */
@Injectable()
class Backups {
  readonly told: Promise<string>;

  constructor(private readonly lock: GatewayLockService) {
    this.told = lock.stopping.then(({ reason }) => reason);
  }

  get place(): string {
    return `${this.lock.url} ${this.lock.phase}`;
  }
}

@Controller()
class BackupsController {
  constructor(private readonly backups: Backups) {}

  @Get('place')
  place(): string {
    return this.backups.place;
  }
}

describe('a fake lock', () => {
  it('is given to a service by a testing module, or by hand', async () => {
    const testing = await Test.createTestingModule({
      providers: [Backups, { provide: GatewayLockService, useValue: fakeGatewayLock() }],
    }).compile();

    expect(testing.get(Backups).place).toBe('ws://127.0.0.1:18789 ready');
    expect(new Backups(fakeGatewayLock({ port: 1234 })).place).toBe('ws://127.0.0.1:1234 ready');
  });

  it('takes the place of the lock in a whole app, which then binds nothing, and supertest works', async () => {
    const port = await freePort();
    @Module({
      imports: [GatewayLockModule.forRoot({ port })],
      controllers: [BackupsController],
      providers: [Backups],
    })
    class AppModule {}
    const lock = fakeGatewayLock({ port });
    const testing = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(GatewayLockService)
      .useValue(lock)
      .compile();
    const app = testing.createNestApplication({ logger: false });
    onCleanUp(() => app.close());
    await app.init();

    const answer = await request(app.getHttpServer() as Server).get('/place');

    expect([answer.status, answer.text]).toEqual([200, `ws://127.0.0.1:${port} ready`]);
    expect(await isFree(port)).toBe(true);
    await app.close();
    expect(lock.phase).toBe('released');
    expect(await testing.get(Backups).told).toBe('the test stopped it');
  });

  it('begins to stop when the test says so, once', async () => {
    const lock = fakeGatewayLock();
    const { told } = new Backups(lock);

    await lock.beginShutdown({ reason: 'update', restartExpectedMs: 5_000 });
    await lock.beginShutdown();

    expect(await told).toBe('update');
    expect(lock.phase).toBe('draining');
  });

  it('loses its listener, and outlasts its deadline, when the test says so', async () => {
    const cause = new Error('EBADF');
    const [closed, failed] = [fakeGatewayLock(), fakeGatewayLock()];
    closed.lose();
    failed.lose(cause);
    failed.overrun('onModuleDestroy');

    expect(await closed.lost).toEqual({ url: 'ws://127.0.0.1:18789' });
    expect(await failed.lost).toEqual({ url: 'ws://127.0.0.1:18789', cause });
    expect(await failed.overdue).toBe('onModuleDestroy');
    expect(await failed.stopping).toEqual({ reason: 'the gateway lost its listener', restartExpectedMs: null });
  });

  it('has the derived ports that it is given, and binds none', () => {
    const lock = fakeGatewayLock({ port: 18_800, derived: { canvas: 4 } });
    const canvas = lock.derived('canvas');
    const server = createServer();
    canvas.adopt(server);
    canvas.close();

    expect([canvas.port, canvas.url, server.listening]).toEqual([18_804, 'ws://127.0.0.1:18804', false]);
    expect(canvas.addresses).toEqual([{ host: '127.0.0.1', port: 18_804, family: 4, url: canvas.url }]);
    expect(() => lock.derived('browser')).toThrow('there is no derived port "browser": give it to fakeGatewayLock()');
  });

  it('has every member that the lock of an app has', async () => {
    const testing = await Test.createTestingModule({ imports: [GatewayLockModule.forRoot({ port: 0 })] }).compile();
    const fake = fakeGatewayLock();

    const members = Object.getOwnPropertyNames(GatewayLockService.prototype);
    const fields = Object.keys(testing.get(GatewayLockService));

    expect([...members, ...fields].filter((name) => !(name in fake))).toEqual([]);
  });
});

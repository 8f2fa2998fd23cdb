import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { Inject, Injectable } from '@nestjs/common';

import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { GatewayHttpServer } from '../serving/gateway-http.server.js';
import { GatewayLockService } from '../lock/gateway-lock.service.js';
import type { GatewayCard } from '../listener/holder.js';
import { PROBE_HEADERS } from '../serving/probe-headers.js';
import { packageVersion } from '../common/package-version.js';
import { acquireLock } from './acquire-lock.js';
import { CARD_PATH, GATEWAY_SERVICE, parseCard } from './card.js';
import { HEARTBEAT_MS, WATCH_PATH } from './watch-holder.js';

/** How many may watch for our end at a time; a further one gets 503 and has to poll. */
const MAX_WATCHES = 64;

/** Makes the gateway known to whoever finds it on the port, and its own refused start know who is there. */
@Injectable()
export class GatewayCardService {
  readonly #instanceId = randomUUID();
  // Of the process, which is what an operator looks for, and not of this object.
  readonly #startedAt = Math.round(Date.now() - process.uptime() * 1_000);
  readonly #profile: string;
  // Read once: what an upgrade has put on the disk by the time of a question is not what runs.
  readonly #version: string;
  readonly #watches = new Set<Socket>();

  constructor(
    @Inject(GATEWAY_LOCK_SETTINGS) { acquire, identity }: GatewayLockSettings,
    private readonly server: GatewayHttpServer,
    private readonly lock: GatewayLockService,
  ) {
    const { profile = 'default', version = packageVersion() } = identity;
    this.#profile = profile;
    this.#version = version;
    if (!parseCard(JSON.stringify(this.#cardAt('ws://127.0.0.1:1')))) {
      throw new RangeError(
        `identity ${JSON.stringify(identity)} does not fit on a holder card: give a profile of 1 to 128 printable characters, and a version of 1 to 64`,
      );
    }
    lock.acquireWith((claim, signal) => acquireLock(claim, acquire, signal));
    server.answer(CARD_PATH, (_request, response) => {
      response.writeHead(200, { ...PROBE_HEADERS, 'Content-Type': 'application/json' }).end(JSON.stringify(this.card));
    });
    server.answer(WATCH_PATH, (request, response) => this.#watch(request, response));
  }

  get card(): GatewayCard {
    return this.#cardAt(this.lock.url);
  }

  #cardAt(url: string): GatewayCard {
    const { phase } = this.server;
    return {
      service: GATEWAY_SERVICE,
      pid: process.pid,
      profile: this.#profile,
      version: this.#version,
      // A released listener can still answer who was connected before.
      phase: phase === 'released' ? 'draining' : phase,
      startedAt: this.#startedAt,
      url,
      instanceId: this.#instanceId,
    };
  }

  /** An answer that never ends: the lock cuts it off after it has freed the port, and the kernel on any death. */
  #watch({ socket }: IncomingMessage, response: ServerResponse): void {
    // One for each connection: a second would wait behind the first for ever.
    if (this.#watches.size >= MAX_WATCHES || this.#watches.has(socket)) {
      response.writeHead(503, { ...PROBE_HEADERS, 'Retry-After': '1' }).end();
      return;
    }
    this.#watches.add(socket);
    const heartbeat = setInterval(() => response.write('\n'), HEARTBEAT_MS);
    socket.once('close', () => {
      clearInterval(heartbeat);
      this.#watches.delete(socket);
    });
    response.writeHead(200, { ...PROBE_HEADERS, 'Content-Type': 'text/plain' }).flushHeaders();
  }
}

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { onCleanUp } from './cleaner.js';

/** A way to a server that can be cut, as a network is: nothing passes any more, and neither end is told. */
export class SilentProxy {
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(readonly port: number) {}

  static async before(port: number): Promise<SilentProxy> {
    const server = createServer((client) => proxy.#pass(client, port));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const proxy = new SilentProxy((server.address() as AddressInfo).port);
    onCleanUp(() => {
      server.close();
      for (const socket of proxy.#sockets) socket.destroy();
    });
    return proxy;
  }

  /** From now on nothing passes, and who connects hears nothing. */
  cut(): void {
    this.#isCut = true;
  }

  #pass(client: Socket, port: number): void {
    this.#keep(client);
    if (this.#isCut) return;
    const server = this.#keep(connect(port, '127.0.0.1'));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', (chunk) => this.#isCut || to.write(chunk));
      from.on('close', () => this.#isCut || to.destroy());
    }
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    return socket.on('error', () => socket.destroy());
  }
}

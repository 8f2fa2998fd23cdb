import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { onCleanUp } from './cleaner.js';

/** A way to a server that can be cut, as a network is: nothing passes any more, and neither end is told. */
export class SilentProxy {
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  readonly #server: Server;

  private constructor(target: number) {
    this.#server = createServer((client) => this.#pass(client, target));
    onCleanUp(() => this.close());
  }

  static async before(port: number): Promise<SilentProxy> {
    const proxy = new SilentProxy(port);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on nothing passes, and who connects hears nothing. */
  cut(): void {
    this.#isCut = true;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
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

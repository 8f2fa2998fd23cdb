import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';

import { isOutOfDescriptors } from '../common/descriptors.js';
import { bindLater } from './bind-later.js';
import { gatewayUrl, hasIPv6Form, type ListenAddress } from './listen-address.js';

/** One address that is held. */
export interface BoundAddress {
  /** An IP address. */
  readonly host: string;
  /** The bound port, which is never 0. */
  readonly port: number;
  /** IPv4 or IPv6. */
  readonly family: 4 | 6;
  /** `ws://host:port`, IPv6 in brackets. */
  readonly url: string;
}

/** Which listener was closed by something other than {@link ClaimedListener.close}, or failed. */
export interface ListenerLoss {
  /** `ws://host:port`, IPv6 in brackets; `unix:` and a name for the socket of a profile. */
  readonly url: string;
  /** The error of a listener that failed; missing where it was closed. */
  readonly cause?: Error;
}

/** What became of an address that this machine did not have at the start. */
export interface LateAddress {
  /** `ws://host:port`, IPv6 in brackets. */
  readonly url: string;
  /** False where another process has it: it is taken when that process lets go of it. */
  readonly isTaken: boolean;
}

/** Between two looks for an address that is missing. */
const LOOK_AGAIN_MS = 5_000;

interface Member {
  /** The bound socket: a paused `net.Server`, and for the first address, once adopted, the HTTP server itself. */
  server: Server;
  readonly address: BoundAddress;
  /** Connections that came before the adoption. */
  readonly waiting: Socket[];
}

/**
 * The lock in its barest form: listening sockets, bound and exclusive, that no server answers on yet. The caller must
 * either hand it to a server or close it. Left alone it keeps the process alive and the port taken.
 *
 * {@link claimListener} makes it.
 *
 * @example
 * ```ts
 * const listener = await claimListener({ port: 18789 });
 * listener.adopt(createServer((request, response) => response.end())); // or listener.close()
 * ```
 */
export class ClaimedListener {
  /** Resolves when one of the listeners is lost. Never rejects. */
  readonly lost: Promise<ListenerLoss>;

  readonly #first: Member;
  readonly #others: Member[];
  /** The server that answers, once it has adopted the listener. */
  #http: HttpServer | undefined;
  #reportLoss!: (loss: ListenerLoss) => void;
  #endLateBind: () => void = () => undefined;
  #closed = false;

  /**
   * @internal
   * @param servers listening servers, made with `pauseOnConnect`, in the order in which they were bound
   * @param missing an address of the set that this machine does not have
   */
  constructor(
    [first, ...others]: readonly [Server, ...Server[]],
    private missing?: ListenAddress,
  ) {
    this.lost = new Promise((resolve) => (this.#reportLoss = resolve));
    this.#first = this.#keep(first);
    this.#others = others.map((server) => this.#keep(server));
  }

  /**
   * Holds a further address from now on.
   *
   * @internal
   */
  add(server: Server): void {
    this.#others.push(this.#keep(server));
  }

  /**
   * Notes an address that this machine does not have, for {@link completeLater}.
   *
   * @internal
   */
  lacks(address: ListenAddress): void {
    this.missing = address;
  }

  /** In the order in which they were bound. */
  get addresses(): readonly BoundAddress[] {
    return [this.#first, ...this.#others].map(({ address }) => address);
  }

  /** `ws://host:port` of the first address, which is the one that people are shown. */
  get url(): string {
    return this.#first.address.url;
  }

  /** The port of all addresses; with port 0, the one that the OS chose. */
  get port(): number {
    return this.#first.address.port;
  }

  /**
   * The descriptors of the listening sockets, for a process that is to have them too; empty on Windows.
   *
   * @internal
   */
  get descriptors(): readonly number[] {
    // Node has no other way to the number.
    return [this.#first, ...this.#others].flatMap(({ server }) => {
      const { _handle: handle } = server as Server & { readonly _handle?: { readonly fd?: number } | null };
      return handle?.fd !== undefined && handle.fd >= 0 ? [handle.fd] : [];
    });
  }

  /**
   * Serves all addresses through one HTTP server. The server takes over the first listening socket, which starts its
   * header and request deadlines, and is fed the connections of the others. Connections that came earlier are replayed.
   *
   * @throws {Error} the listener is closed
   */
  adopt(http: HttpServer): void {
    if (this.#closed) throw new Error(`the listener on ${this.url} is closed and cannot be adopted`);
    // Node's HTTP server checks the deadlines of its connections only from this event on.
    http.once('listening', () => {
      this.#http = http;
      const early = [this.#first, ...this.#others].flatMap(({ waiting }) => waiting.splice(0));
      early.forEach((socket) => feed(http, socket));
    });
    const donor = this.#first.server;
    donor.removeAllListeners();
    http.listen(donor);
    this.#first.server = http;
    this.#reportLossOf(this.#first);
  }

  /**
   * Takes the address of the set that this machine did not have as soon as it has it: `::1`, where IPv6 is switched on
   * later. Otherwise any process could have it.
   *
   * @internal
   * @param report called when it is taken, and once where another process has it
   * @param everyMs between two looks, in milliseconds
   */
  completeLater(report: (late: LateAddress) => void, everyMs = LOOK_AGAIN_MS): void {
    if (!this.missing || this.#closed) return;
    const { host, ipv6Only } = this.missing;
    const url = gatewayUrl(host, this.port);
    this.#endLateBind = bindLater({ host, ipv6Only, port: this.port }, everyMs, {
      onBound: (server) => {
        this.add(server);
        report({ url, isTaken: true });
      },
      onHeld: () => report({ url, isTaken: false }),
    });
  }

  /** Frees the port, at once and without waiting for connections. The first address, the anchor, goes last. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endLateBind();
    for (const { server, waiting } of [this.#first, ...this.#others].reverse()) {
      for (const socket of waiting.splice(0)) socket.destroy();
      server.close();
    }
  }

  #keep(server: Server): Member {
    const waiting: Socket[] = [];
    server.on('connection', (socket: Socket) => {
      if (this.#http) feed(this.#http, socket);
      else waiting.push(socket);
    });
    const member = { server, waiting, address: boundAddress(server) };
    this.#reportLossOf(member);
    return member;
  }

  #reportLossOf({ server, address: { url } }: Member): void {
    server.on('error', (cause) => {
      // Without a descriptor for it, a connection is lost, and the listener is not.
      if (!this.#closed && !isOutOfDescriptors(cause)) this.#reportLoss({ url, cause });
    });
    // The port is free from the call on, but 'close' comes only with the end of the last connection. Any handler of the
    // app can make this call, through `request.socket.server`.
    const close = server.close.bind(server);
    server.close = (callback) => {
      if (!this.#closed) this.#reportLoss({ url });
      return close(callback);
    };
  }
}

function feed(http: HttpServer, socket: Socket): void {
  http.emit('connection', socket);
  socket.resume();
}

function boundAddress(server: Server): BoundAddress {
  const { address: host, port } = server.address() as AddressInfo;
  return { host, port, family: hasIPv6Form(host) ? 6 : 4, url: gatewayUrl(host, port) };
}

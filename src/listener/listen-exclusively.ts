import dns from 'node:dns';
import { createServer, type ListenOptions, type Server } from 'node:net';

/**
 * One attempt to listen, exclusively. Accepted connections stay paused until they are resumed, and have the
 * defaults that an HTTP server gives its own, since an HTTP server adopts them later.
 *
 * @throws {NodeJS.ErrnoException} the native error of bind(2) or listen(2)
 */
export function listenOnce(options: ListenOptions & { readonly fd?: number }): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // `exclusive` keeps node:cluster from sharing the socket among workers.
    withoutLookup(() =>
      server.listen({ ...options, exclusive: true }, () => {
        server.off('error', reject);
        resolve(server);
      }),
    );
  });
}

/**
 * Node looks each host up before it binds it, though ours are IP addresses. To tell that one is, Node 20 compiles a
 * pattern of all IPv6 addresses, which takes a twentieth of a start. `net.Server` takes no `lookup` of ours, as sockets do.
 */
function withoutLookup(listen: () => void): void {
  const { lookup } = dns;
  const know = (address: string, answer: (error: null, address: string, family: number) => void): void => {
    process.nextTick(answer, null, address, address.includes(':') ? 6 : 4);
  };
  // It is called before `listen` returns, so that no other caller gets this one.
  dns.lookup = know as typeof lookup;
  try {
    listen();
  } finally {
    dns.lookup = lookup;
  }
}

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
    server.listen({ ...options, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

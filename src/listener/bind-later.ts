import type { ListenOptions, Server } from 'node:net';

import { listenOnce } from './listen-once.js';

/** Who is told what becomes of an address that is bound later. */
export interface LateBind {
  /** Called once. */
  readonly onBound: (server: Server) => void;
  /** Called once, when another process has it; it is bound when that process lets go of it. */
  readonly onHeld: () => void;
}

/**
 * Binds an address that this machine does not have yet as soon as it has it. It looks now and then: no system tells a
 * process without further rights. Does not keep the process alive.
 *
 * @param everyMs between two looks, in milliseconds
 * @returns ends it
 */
export function bindLater(options: ListenOptions, everyMs: number, { onBound, onHeld }: LateBind): () => void {
  let isHeld = false;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    clearInterval(timer);
  };
  const look = async (): Promise<void> => {
    try {
      const server = await listenOnce(options);
      if (isOver) server.close();
      else onBound(server);
      end();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || isHeld || isOver) return;
      isHeld = true;
      onHeld();
    }
  };
  const timer = setInterval(() => void look(), everyMs).unref();
  return end;
}

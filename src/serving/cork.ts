import type { Socket } from 'node:net';

const corked: Socket[] = [];

/** Collects everything sent in one turn of the event loop into one write. */
export function corkForThisTick(connection: Socket): void {
  if (connection.writableCorked > 0) return;
  connection.cork();
  if (corked.push(connection) === 1) process.nextTick(uncorkAll);
}

function uncorkAll(): void {
  for (const connection of corked.splice(0)) connection.uncork();
}

import type { Socket } from 'node:net';

/** RFC 6455, 5.2: two bytes, up to eight of length, four of mask. */
const LONGEST_HEADER = 14;
const LENGTH_IN_16_BITS = 126;
const LENGTH_IN_64_BITS = 127;

/**
 * Watches what a client sends before it is admitted. `onTooBig` is called as soon as the header of its first frame
 * announces more than the limit, or all that the client has sent exceeds it.
 *
 * `ws` has one limit for the whole life of a connection, which is the limit for admitted clients.
 *
 * @returns ends the watch
 */
export function limitFirstFrame(connection: Socket, maxBytes: number, onTooBig: () => void): () => void {
  let head = Buffer.alloc(0);
  let received = 0;
  const onData = (chunk: Buffer): void => {
    received += chunk.length;
    if (head.length < LONGEST_HEADER) head = Buffer.concat([head, chunk.subarray(0, LONGEST_HEADER)]);
    if (received > maxBytes + LONGEST_HEADER || (payloadLength(head) ?? 0) > maxBytes) {
      end();
      onTooBig();
    }
  };
  const end = (): void => void connection.off('data', onData);
  connection.on('data', onData);
  return end;
}

/** The length in the header of a frame, in bytes; `undefined` while the header is not complete. */
export function payloadLength(head: Buffer): number | undefined {
  if (head.length < 2) return undefined;
  const length = head.readUInt8(1) & 0x7f;
  if (length < LENGTH_IN_16_BITS) return length;
  if (length === LENGTH_IN_64_BITS) return head.length < 10 ? undefined : Number(head.readBigUInt64BE(2));
  return head.length < 4 ? undefined : head.readUInt16BE(2);
}

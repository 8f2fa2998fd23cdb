const OPCODE_CLOSE = 0x8;
/** Lengths that stand for a longer number after them, in a frame that is not masked (RFC 6455, 5.2). */
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/**
 * Follows the frames that a server sends without changing them, to know where one more would fit between two of them.
 * A control frame may stand between the fragments of a message (RFC 6455, 5.4).
 */
export class FrameFollower {
  /** Whether the server has closed the WebSocket in order. */
  hasClosed = false;
  #head = Buffer.alloc(0);
  /** How much of the payload of the frame is yet to come. */
  #left = 0;

  /** Whether the last byte that was seen is the last one of a frame. */
  get isBetweenFrames(): boolean {
    return this.#left === 0 && this.#head.length === 0;
  }

  follow(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      const skipped = Math.min(this.#left, rest.length);
      this.#left -= skipped;
      rest = rest.subarray(skipped);
      if (rest.length === 0) return;
      const head = Buffer.concat([this.#head, rest]);
      const size = sizeOfHead(head);
      if (head.length < size) {
        this.#head = head;
        return;
      }
      rest = head.subarray(size);
      this.#head = Buffer.alloc(0);
      this.#left = lengthOfPayload(head);
      this.hasClosed ||= ((head[0] ?? 0) & 0x0f) === OPCODE_CLOSE;
    }
  }
}

/** A close frame of a server (RFC 6455, 5.5.1). */
export function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason);
  const frame = Buffer.alloc(4);
  frame.writeUInt8(0x80 | OPCODE_CLOSE, 0);
  frame.writeUInt8(2 + text.length, 1);
  frame.writeUInt16BE(code, 2);
  return Buffer.concat([frame, text]);
}

function sizeOfHead(head: Buffer): number {
  const length = (head[1] ?? 0) & 0x7f;
  if (head.length < 2) return 2;
  return length === LENGTH_64 ? 10 : length === LENGTH_16 ? 4 : 2;
}

function lengthOfPayload(head: Buffer): number {
  const length = (head[1] ?? 0) & 0x7f;
  if (length === LENGTH_64) return Number(head.readBigUInt64BE(2));
  return length === LENGTH_16 ? head.readUInt16BE(2) : length;
}

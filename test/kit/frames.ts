import { randomBytes } from 'node:crypto';

export const Opcode = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

/** A frame of a WebSocket (RFC 6455, 5.2), also one that breaks the rules. */
export interface Frame {
  readonly opcode: number;
  readonly payload?: Buffer | string;
  /** @default true */
  readonly fin?: boolean;
  /** RSV1 to RSV3, as the number that they make. */
  readonly rsv?: number;
  /** @default true, as a client has to */
  readonly masked?: boolean;
  /** What the header says of the length, where that is not true. */
  readonly declared?: number;
  /** How many bytes the length has beside the first: 2 or 8, where that is not the least. */
  readonly lengthBytes?: 2 | 8;
}

export interface ReceivedFrame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

export function encodeFrame({
  opcode,
  payload = '',
  fin = true,
  rsv = 0,
  masked = true,
  declared,
  lengthBytes,
}: Frame): Buffer {
  const data = Buffer.from(payload as string);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const header = Buffer.concat([Buffer.from([first]), encodeLength(declared ?? data.length, masked, lengthBytes)]);
  if (!masked) return Buffer.concat([header, data]);
  const mask = randomBytes(4);
  return Buffer.concat([header, mask, data.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Buffer = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason as string)]);
}

/** Reads what a server sends, which is never masked. */
export class FrameDecoder {
  #rest = Buffer.alloc(0);

  push(chunk: Buffer): ReceivedFrame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: ReceivedFrame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): ReceivedFrame | undefined {
    if (this.#rest.length < 2) return undefined;
    const [first = 0, second = 0] = this.#rest;
    const start = second < 126 ? 2 : second === 126 ? 4 : 10;
    if (this.#rest.length < start) return undefined;
    const length =
      start === 2 ? second : start === 4 ? this.#rest.readUInt16BE(2) : Number(this.#rest.readBigUInt64BE(2));
    if (this.#rest.length < start + length) return undefined;
    const payload = this.#rest.subarray(start, start + length);
    this.#rest = this.#rest.subarray(start + length);
    return { fin: (first & 0x80) !== 0, opcode: first & 0x0f, payload };
  }
}

function encodeLength(length: number, masked: boolean, lengthBytes = leastBytes(length)): Buffer {
  const bit = masked ? 0x80 : 0;
  if (lengthBytes === 0) return Buffer.from([bit | length]);
  if (lengthBytes === 2) return Buffer.from([bit | 126, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(bit | 127);
  bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

/** How many bytes a length needs beside the first (RFC 6455, 5.2). */
function leastBytes(length: number): 0 | 2 | 8 {
  if (length < 126) return 0;
  return length < 0x1_0000 ? 2 : 8;
}

import { randomBytes } from 'node:crypto';

export const Opcode = { TEXT: 1, CLOSE: 8, PING: 9, PONG: 10 } as const;

const FINAL = 0x80;
const MASKED = 0x80;
const LENGTH_IN_16_BITS = 126;
const LENGTH_IN_64_BITS = 127;
const MAX_LENGTH = 0xffff;

/** A frame as a client sends it (RFC 6455, 5.2), with a mask, so that the server has the work of taking it off. */
export function clientFrame(opcode: number, text = ''): Buffer {
  const payload = Buffer.from(text);
  if (payload.length > MAX_LENGTH) throw new RangeError(`${payload.length} bytes are too many for a frame`);
  const isShort = payload.length < LENGTH_IN_16_BITS;
  const head = Buffer.alloc(isShort ? 2 : 4);
  head.writeUInt8(FINAL | opcode, 0);
  head.writeUInt8(MASKED | (isShort ? payload.length : LENGTH_IN_16_BITS), 1);
  if (!isShort) head.writeUInt16BE(payload.length, 2);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask.readUInt8(index % 4))]);
}

/** Tells the frames of a server apart without looking into them, so that the process that measures has little to do. */
export class FrameReader {
  /** The beginning of a header that has come in parts. */
  #rest: Buffer | undefined;
  /** How much of the frame before is yet to come. */
  #skip = 0;

  constructor(private readonly onFrame: (opcode: number, length: number) => void) {}

  read(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = undefined;
    let at = this.#skip;
    while (at < bytes.length) {
      const short = bytes.length - at < 2 ? NaN : bytes.readUInt8(at + 1);
      const head = short === LENGTH_IN_64_BITS ? 10 : short === LENGTH_IN_16_BITS ? 4 : 2;
      if (Number.isNaN(short) || bytes.length - at < head) {
        this.#rest = bytes.subarray(at);
        this.#skip = 0;
        return;
      }
      const length =
        head === 2 ? short : head === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      this.onFrame(bytes.readUInt8(at) & 0x0f, length);
      at += head + length;
    }
    this.#skip = at - bytes.length;
  }
}

import { TOKEN } from '../../test/kit/token.js';
import { Opcode } from '../load/frames.js';

/** What a client sends, on and on, that is no trouble for itself. */
export interface Flood {
  readonly name: string;
  /** Whether the client is let in first; a client that is not sends no token. */
  readonly how: 'admitted' | 'upgraded' | 'http';
  /** Sent once, ahead of the rest. */
  readonly first?: Buffer;
  readonly block: Buffer;
  /** @default true */
  readonly reads?: boolean;
}

const BLOCK_BYTES = 64 * 1024;
const FINAL = 0x80;
const CONTINUATION = 0;
/** A mask of zeros leaves the payload as it is. */
const MASK = [0, 0, 0, 0];

function request(method: string): string {
  return JSON.stringify({ type: 'req', id: '1', method });
}

function frame(opcode: number, text = '', isFinal = true): Buffer {
  const first = (isFinal ? FINAL : 0) | opcode;
  return Buffer.concat([Buffer.from([first, 0x80 | text.length, ...MASK]), Buffer.from(text)]);
}

function block(part: Buffer | string): Buffer {
  const bytes = Buffer.from(part as string);
  return Buffer.concat(new Array<Buffer>(Math.ceil(BLOCK_BYTES / bytes.length)).fill(bytes));
}

export function floodsOf(port: number): readonly Flood[] {
  return [
    { name: 'refused senders', how: 'upgraded', block: block(frame(Opcode.TEXT, '{}')) },
    { name: 'pongs', how: 'admitted', block: block(frame(Opcode.PONG)) },
    { name: 'pings', how: 'admitted', block: block(frame(Opcode.PING)) },
    { name: 'tiny bad frames', how: 'admitted', block: block(frame(Opcode.TEXT, '?')) },
    {
      name: 'fragments',
      how: 'admitted',
      first: frame(Opcode.TEXT, '{', false),
      block: block(frame(CONTINUATION, '', false)),
    },
    { name: 'pipelined HTTP', how: 'http', block: block(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`) },
    {
      name: 'the page, pipelined',
      how: 'http',
      block: block(`GET /page/page.js HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
    },
    { name: 'what the page asks for', how: 'admitted', block: block(frame(Opcode.TEXT, request('page.context'))) },
    {
      name: '/metrics, pipelined',
      how: 'http',
      block: block(`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`),
    },
    { name: 'system.info', how: 'admitted', block: block(frame(Opcode.TEXT, request('system.info'))) },
    { name: 'config.get', how: 'admitted', block: block(frame(Opcode.TEXT, request('config.get'))) },
    { name: 'config.schema', how: 'admitted', block: block(frame(Opcode.TEXT, request('config.schema'))) },
    { name: 'logs.tail', how: 'admitted', block: block(frame(Opcode.TEXT, request('logs.tail'))) },
    {
      name: 'requests, never reading',
      how: 'admitted',
      block: block(frame(Opcode.TEXT, request('health'))),
      reads: false,
    },
  ];
}

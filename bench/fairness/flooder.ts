import { connect, type Socket } from 'node:net';

import { OPENCLAW } from '../load/dialects.js';
import { clientFrame, Opcode } from '../load/frames.js';
import { floodsOf, type Flood } from './floods.js';

// One process that floods a gateway. Arguments: the port, the name of the flood, how many connections. It ends with its
// standard input.
const [, , portText = '', name = '', count = ''] = process.argv;
const port = Number(portText);
const flood = floodsOf(port).find((one) => one.name === name);
if (!flood) throw new Error(`there is no flood ${name}`);

const UPGRADE =
  `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
/** When a connection that was lost is made again, so that the flood does not become one of connections. */
const AGAIN_MS = 100;

function begin({ how, first, block, reads = true }: Flood): void {
  const socket = connect({ host: '127.0.0.1', port });
  let isFlooding = false;
  const start = (): void => {
    isFlooding = true;
    if (!reads) socket.pause();
    if (first) socket.write(first);
    sendOn(socket, block);
  };
  socket.on('error', () => undefined);
  socket.on('close', () => setTimeout(() => begin({ how, block, reads, name, ...(first && { first }) }), AGAIN_MS));
  socket.on('connect', () => (how === 'http' ? start() : socket.write(UPGRADE)));
  socket.on('data', (data: Buffer) => {
    if (isFlooding || how === 'http') return;
    const text = data.toString('latin1');
    if (text.includes('hello-ok') || (how === 'upgraded' && text.includes('connect.challenge'))) start();
    else if (text.includes('connect.challenge')) {
      socket.write(clientFrame(Opcode.TEXT, OPENCLAW.admission?.request));
    }
  });
}

/** As much as the connection takes. */
function sendOn(socket: Socket, block: Buffer): void {
  const more = (): void => {
    while (socket.writable && socket.write(block));
  };
  socket.on('drain', more);
  more();
}

for (let opened = 0; opened < Number(count); opened++) begin(flood);
process.stdout.write('flooding\n');

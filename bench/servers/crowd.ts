import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

// Processes that do nothing, and connections whose both ends are in this process, as on a machine with much on it. The
// processes read from this one, so that they end when it does. Arguments: how many processes, how many connections.
const [processes = 0, connections = 0] = process.argv.slice(2).map(Number);
/** Fewer than wait to be accepted at most, or the system would let one wait for a second. */
const BATCH = 100;

const readers = `i=0; while [ $i -lt ${processes} ]; do cat <&3 & i=$((i+1)); done; echo started; wait`;
const shell = spawn('sh', ['-c', `exec 3<&0; ${readers}`], { stdio: ['pipe', 'pipe', 'inherit'] });
await once(shell.stdout, 'data');

const accepted: Socket[] = [];
const server = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
for (let open = 0; open < connections; open += BATCH) {
  const batch = Array.from({ length: Math.min(BATCH, connections - open) }, () => connect(port, '127.0.0.1'));
  await Promise.all(batch.map((socket) => once(socket, 'connect')));
}
process.stdout.write('crowded\n');

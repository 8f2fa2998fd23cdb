import { createServer } from 'node:http';

// What a person would write: tries to bind once in a millisecond, and answers who it is. Argument: the port.
const port = Number(process.argv[2]);
const server = createServer((_request, response) => response.end(JSON.stringify({ pid: process.pid })));
let waiting = false;

server.on('error', () => {
  if (!waiting) process.stdout.write('waiting\n');
  waiting = true;
  setTimeout(() => server.listen(port, '127.0.0.1'), 1);
});
server.listen(port, '127.0.0.1', () => process.stdout.write('holding\n'));

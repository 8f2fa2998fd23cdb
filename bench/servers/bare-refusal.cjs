'use strict';
const { createServer } = require('node:net');

// The quickest that finds a port taken, says so and ends. Argument: the port.
createServer()
  .once('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  })
  .listen(Number(process.argv[2]), '127.0.0.1');

// What loads Nest: in a file of its own, so that a command without an app, or a start that is refused, does not.
export { createGatewayApp } from '../process/create-app.js';
export { runGateway } from '../process/run-gateway.js';

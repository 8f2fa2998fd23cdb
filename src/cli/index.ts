export { GatewayCommandsModule, type GatewayCommandsOptions } from './gateway-commands.module.js';
export type { GatewayStart } from './command.js';

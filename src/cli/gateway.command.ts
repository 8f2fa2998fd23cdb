import { Command, Option } from 'nest-commander';

import { createGatewayApp } from '../create-app.js';
import { parseListenHost } from '../lock/listener/listen-address.js';
import { InputError } from '../profile/input.error.js';
import { choosePort } from '../profile/port.js';
import { runGateway } from '../run-gateway.js';
import { OpenclawCommand } from './openclaw-command.js';

interface GatewayFlags {
  port?: string;
  host?: string;
  verbose?: boolean;
}

@Command({ name: 'gateway', description: 'run the gateway in the foreground' })
export class GatewayCommand extends OpenclawCommand {
  async run(_args: string[], flags: GatewayFlags): Promise<void> {
    const port = choosePort(
      { source: '--port', value: flags.port },
      { source: 'OPENCLAW_GATEWAY_PORT', value: process.env['OPENCLAW_GATEWAY_PORT'] },
    );
    const host = flags.host === undefined ? 'localhost' : chooseHost(flags.host);
    const { verbose = false } = flags;
    const code = await runGateway(() => createGatewayApp({ port, host }, { verbose }));
    process.exit(code);
  }

  // Read as text and judged together in run(), so that every wrong value is reported in the same words.
  @Option({ flags: '-p, --port <port>', description: 'port to listen on (default: OPENCLAW_GATEWAY_PORT, or 18789)' })
  readPort(text: string): string {
    return text;
  }

  @Option({ flags: '--host <address>', description: 'IP address to listen on (default: localhost, 127.0.0.1 and ::1)' })
  readHost(text: string): string {
    return text;
  }

  @Option({ flags: '-v, --verbose', description: 'log all that happens, on stderr' })
  readVerbose(): boolean {
    return true;
  }
}

function chooseHost(text: string): string {
  try {
    return parseListenHost(text);
  } catch (error) {
    throw new InputError(`--host: ${(error as RangeError).message}`);
  }
}

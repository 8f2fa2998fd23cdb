import { BIN, Program, type StartOptions } from './program.js';
import { freePort } from './ports.js';

export interface RunningGateway {
  readonly program: Program;
  readonly port: number;
  readonly url: string;
}

/** `openclaw gateway`, in a process of its own, serving. */
export async function startGateway(port?: number, options: StartOptions = {}): Promise<RunningGateway> {
  const chosen = port ?? (await freePort());
  const program = Program.node(BIN, ['gateway', '--port', chosen], options);
  const [, url] = await program.output('stdout', /^gateway listening on (ws:\S+)$/m);
  return { program, port: chosen, url: url ?? '' };
}

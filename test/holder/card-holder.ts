import { freePort } from '../kit/ports.js';
import { fixture, Program } from '../kit/program.js';

export interface CardHolder {
  readonly program: Program;
  readonly port: number;
}

/** A process that answers everything with a card of its own: `fixtures/card-holder.ts`. */
export async function startCardHolder({
  host = '127.0.0.1',
  phase = 'ready',
  title = '',
  uid = '',
  successor = '',
}: {
  readonly host?: string;
  readonly phase?: string;
  readonly title?: string;
  /** Whose process it becomes; only root's can. */
  readonly uid?: number | '';
  /** The profile of the gateway that it is from SIGTERM on. */
  readonly successor?: string;
} = {}): Promise<CardHolder> {
  // The verdict is on each of the addresses that are asked about, where another test could have a port that the OS chooses.
  const port = await freePort();
  const program = Program.node(fixture('card-holder'), [host, phase, title, uid, successor, port]);
  await program.output('stdout', /^\d+$/m);
  return { program, port };
}

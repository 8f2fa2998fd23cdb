import { freePort } from './ports.js';
import { fixture, Program } from './program.js';

/** In these hooks it has not been ready yet. */
const BEFORE_READY = ['onApplicationBootstrap', 'factory'];

/**
 * A gateway whose named hook does not come to an end, in a process of its own (`fixtures/hanging-hook.ts`), once it
 * serves or, where that is a hook of the start, hangs.
 *
 * @param how what the hook does: `hang`, `slow`, or `throw`
 * @param deadlineMs of its shutdown
 */
export async function hangingGateway(
  hook: string,
  how = 'hang',
  deadlineMs = 1_500,
): Promise<{ program: Program; port: number }> {
  const port = await freePort();
  const program = Program.node(fixture('hanging-hook'), [port, hook, how, deadlineMs]);
  await program.output('stdout', BEFORE_READY.includes(hook) ? /hanging/ : /^gateway listening on/m);
  return { program, port };
}

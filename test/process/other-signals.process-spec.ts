import { connect } from 'node:net';
import { once } from 'node:events';

import { freePort } from '../kit/ports.js';
import { BIN, fixture, Program } from '../kit/program.js';

/** Where Node's inspector listens by default. */
const INSPECTOR = 9229;

async function serve(script = BIN): Promise<Program> {
  const program = Program.node(script, ['gateway', '--port', await freePort()]);
  await program.output('stdout', /^gateway listening on/m);
  return program;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('a gateway', () => {
  it.each([
    ['openclaw', BIN],
    ['a program of nest-commander', fixture('commander-gateway')],
  ])('of %s opens no inspector on SIGUSR1, says so, and goes on', async (_what, script) => {
    const before = await isListening(INSPECTOR);
    const program = await serve(script);

    program.signal('SIGUSR1');
    await program.output('stderr', /^SIGUSR1 is ignored: [^\n]+\n/m);

    expect(await isListening(INSPECTOR)).toBe(before);
    expect(program.stderr).not.toContain('Debugger listening');
    program.signal('SIGTERM');
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it.each(['SIGUSR2', 'SIGQUIT'] as const)('stops in order on %s', async (signal) => {
    const program = await serve();

    program.signal(signal);

    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });
});

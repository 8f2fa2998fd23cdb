import { inOwnProcesses, NO_PID_NAMESPACES } from '../kit/namespace.js';
import { freePort } from '../kit/ports.js';
import { parse, type Result } from '../kit/openclaw.js';
import { BIN, fixture } from '../kit/program.js';

/** Two starts and four commands, one after the other, on a machine that is busy. */
const DEADLINE_MS = 60_000;

const skipped = NO_PID_NAMESPACES !== undefined;
const reason = skipped ? ` (${NO_PID_NAMESPACES})` : '';

(skipped ? describe.skip : describe)(`a stranger with the pid of a gateway that was killed${reason}`, () => {
  jest.setTimeout(2 * DEADLINE_MS);

  it('is a stranger to every command, and none ends it', async () => {
    const port = await freePort();
    const program = inOwnProcesses(fixture('reused-pid'), [BIN, port]);

    expect(await program.exit(DEADLINE_MS)).toEqual({ code: 0, signal: null });

    const [pids, ...results] = program.stdout.trimEnd().split('\n').map(parse);
    const [status, stop, ensure, force] = results as unknown as Result[];
    expect(pids?.['stranger']).toBe(pids?.['gateway']);
    expect([status?.code, stop?.code, ensure?.code, force?.code]).toEqual([69, 69, 69, 69]);
    expect(parse(status?.stdout ?? '')).toMatchObject({
      verdict: 'foreign',
      holder: { owner: { pid: pids?.['gateway'], isGateway: false } },
    });
    const notStopped = /^not stopped: port \d+ is in use by another program[:;] /;
    expect(stop?.stdout).toMatch(notStopped);
    expect(force?.stderr).toMatch(notStopped);
    expect(results.at(-1)).toEqual({ answer: expect.stringContaining('hello') as string });
  });
});

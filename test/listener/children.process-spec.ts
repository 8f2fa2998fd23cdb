import { claimListener } from '../../src/listener/claim-listener.js';
import { onCleanUp } from '../kit/cleaner.js';
import { Companions } from '../kit/companions.js';
import { freePort, isFree } from '../kit/ports.js';
import { fixture, Program } from '../kit/program.js';
import { proven } from '../kit/proven.js';

let survivors = 0;
afterAll(() => proven(`${survivors} children outlived the gateway they came from, and its port was free`));

describe('only the gateway holds the port:', () => {
  it.each([
    ['a spawned child', 'spawning-gateway', 1],
    ['a forked child', 'forking-gateway', 1],
    ['a child in a shell', 'executing-gateway', 1],
    ['cluster workers', 'clustering-gateway', 2],
  ])('%s, alive when the gateway is killed, does not keep it', async (_child, name, count) => {
    const companions = await Companions.expect();
    const { program, port } = await holder(name, companions.port);
    const children = await companions.arrived(count);
    expect(await isFree(port)).toBe(false);

    await kill(program);

    await claim(port);
    for (const child of children) await child.answer();
    survivors += count;
  });

  it('a worker thread is refused it, and does not keep it when the process is killed', async () => {
    const { program, port } = await holder('threading-gateway');
    const [, outcome] = await program.output('stdout', /^thread: (.+)$/m);
    expect(outcome).toBe('GATEWAY_ALREADY_LISTENING');

    await kill(program);

    await claim(port);
  });

  it('one of two cluster workers has it, the other is refused, and neither it nor the primary keeps it', async () => {
    const companions = await Companions.expect();
    const port = await freePort();
    const primary = Program.node(fixture('cluster-claim'), [companions.port, port]);
    const [, ...said] = await primary.output('stdout', /^(\d+) (.+)\n(\d+) (.+)\n/);
    const outcomes = new Map([
      [said[1], Number(said[0])],
      [said[3], Number(said[2])],
    ]);
    expect([...outcomes.keys()].sort()).toEqual(['GATEWAY_ALREADY_LISTENING', 'holds it']);
    const workers = await companions.arrived(2);
    expect(await isFree(port)).toBe(false);

    const winner = workers.find(({ pid }) => pid === outcomes.get('holds it'));
    const loser = workers.find(({ pid }) => pid === outcomes.get('GATEWAY_ALREADY_LISTENING'));
    winner?.kill();
    // The primary lives to tell.
    await primary.output('stdout', new RegExp(`^${winner?.pid} ended$`, 'm'));

    await claim(port);
    expect(loser).toBeDefined();
    await loser?.answer();
  });
});

async function holder(name: string, reportTo?: number): Promise<{ program: Program; port: number }> {
  const program = Program.node(fixture(name), reportTo === undefined ? [] : [reportTo]);
  const [, port] = await program.output('stdout', /^holds (\d+)$/m);
  return { program, port: Number(port) };
}

async function kill(program: Program): Promise<void> {
  program.signal('SIGKILL');
  expect(await program.exit()).toEqual({ code: null, signal: 'SIGKILL' });
}

async function claim(port: number): Promise<void> {
  const listener = await claimListener({ port });
  onCleanUp(() => listener.close());
  expect(listener.addresses.map(({ host }) => host)).toEqual(['127.0.0.1', '::1']);
}

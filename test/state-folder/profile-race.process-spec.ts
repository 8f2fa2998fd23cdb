import { onCleanUp } from '../kit/cleaner.js';
import { Companions } from '../kit/companions.js';
import { until } from '../kit/deadline.js';
import { trouble } from '../kit/log.js';
import { freePort, isFree } from '../kit/ports.js';
import { leaveDeadSocket, serveOn, startOn } from '../kit/profile.js';
import { BIN, fixture, Program } from '../kit/program.js';
import { proven } from '../kit/proven.js';
import { snapshot } from '../kit/snapshot.js';
import { standingBy } from '../kit/standing-by.js';
import { Starters } from '../kit/starters.js';
import { tempFolder } from '../kit/temp.js';

// More than a full test run has time for:
//   PROFILE_KILLS=1000 PROFILE_RACES=20000 npx jest profile-race
const KILLS = Number(process.env['PROFILE_KILLS'] ?? 20);
const RACES = Number(process.env['PROFILE_RACES'] ?? 300);
const GATEWAYS = 8;
/** A start on a busy machine, in milliseconds. */
const DEADLINE_MS = 10_000;
const LISTENING = /^gateway listening on /m;

describe('nothing stale', () => {
  it(
    `after ${KILLS} kills, the next one has the profile at first try`,
    async () => {
      const folder = tempFolder();
      let { program } = await serveOn(folder);
      const clean = snapshot(folder);

      for (let kill = 0; kill < KILLS; kill++) {
        program.signal('SIGKILL');
        await program.exit();
        ({ program } = await serveOn(folder));
        expect(trouble(program.stderr)).toBe('');
        expect(snapshot(folder)).toEqual(clean);
      }
      proven(`${KILLS} kills of a profile's holder: ${KILLS} first-try starts on another port, nothing left behind`);
    },
    KILLS * DEADLINE_MS,
  );

  it('a child of the gateway does not keep it', async () => {
    const folder = tempFolder();
    const companions = await Companions.expect();
    const program = Program.node(fixture('profile-gateway'), [await freePort(), folder, companions.port]);
    await program.output('stdout', LISTENING);
    const [child] = await companions.arrived(1);

    program.signal('SIGKILL');
    await program.exit();

    await serveOn(folder);
    await child?.answer();
  });
});

describe('standbys on other ports', () => {
  it('hold nothing while they wait, and one of them takes over, round after round', async () => {
    const folder = tempFolder();
    let holder = (await serveOn(folder)).program;
    let waiting = await Promise.all(Array.from({ length: 4 }, () => startOn(folder, ['--standby'])));

    for (let round = 0; waiting.length > 0; round++) {
      const seen = standingBy(holder.pid);
      await Promise.all(waiting.map(({ program }) => program.output('stderr', seen, 60_000)));
      // One that has seen the next holder before the end of the last still tries once, and gives its port back.
      for (const { port } of waiting) await until(DEADLINE_MS, `port ${port} to be free`, () => isFree(port));

      holder.signal(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');

      const winner = await Promise.race(
        waiting.map(async (one) => {
          await one.program.output('stdout', LISTENING, 60_000);
          return one;
        }),
      );
      waiting = waiting.filter((one) => one !== winner);
      holder = winner.program;
      const next = standingBy(holder.pid);
      await Promise.all(waiting.map(({ program }) => program.output('stderr', next, 60_000)));
      expect(waiting.filter(({ program }) => LISTENING.test(program.stdout))).toEqual([]);
    }
    proven('4 takeovers of a profile by standbys on other ports, exactly one each time');
  });

  it('do not keep a gateway of another profile from their port', async () => {
    const folder = tempFolder();
    await serveOn(folder);
    const { program, port } = await startOn(folder, ['--standby']);
    await program.output('stderr', /"message":"standing by for /);

    const other = Program.node(BIN, ['gateway', '--port', port]);

    await other.output('stdout', LISTENING);
  });
});

describe('exactly one, never two, never none', () => {
  it(`of ${GATEWAYS} whole gateways of one profile, started together on as many ports`, async () => {
    const folder = tempFolder();
    const gateways = await Promise.all(Array.from({ length: GATEWAYS }, () => startOn(folder)));

    const outcomes = await Promise.all(gateways.map(({ program }) => outcome(program)));

    expect(outcomes.filter((text) => text === 'ready')).toHaveLength(1);
    const winner = gateways[outcomes.indexOf('ready')];
    // A winner that has not answered in time has not said its address.
    const address = `(?:ws://127\\.0\\.0\\.1:${winner?.port}|unknown address)`;
    for (const text of outcomes.filter((one) => one !== 'ready')) {
      expect(text).toMatch(
        new RegExp(`^7[58]: another gateway instance is already using profile default \\(${address}\\)$`),
      );
    }
  });

  it.each([
    ['this platform', process.platform, false],
    ['a socket file', 'darwin', false],
    ['a socket file, over a dead one', 'darwin', true],
  ] as const)(`of claims released at one instant, with %s, in ${RACES} rounds`, async (_name, platform, dead) => {
    const stateFolder = tempFolder();
    const port = await freePort();
    const starters = await Starters.launch(fixture('starter'), 6);
    onCleanUp(() => starters.end());
    const roundsByWins: Record<number, number> = {};

    for (let round = 0; round < RACES; round++) {
      if (dead) await leaveDeadSocket(stateFolder);
      const { wins } = await starters.race(port, { contenders: 2, profile: { stateFolder, platform } });
      roundsByWins[wins] = (roundsByWins[wins] ?? 0) + 1;
    }

    expect(roundsByWins).toEqual({ 1: RACES });
    expect(snapshot(stateFolder)).toHaveLength(1);
    proven(`${RACES} rounds of 12 simultaneous claims of one profile, ${_name}: one winner in each`);
  });
});

/** `ready`, or the exit code and the first line on stderr. */
async function outcome(program: Program): Promise<string> {
  const ready = program.output('stdout', LISTENING, 60_000).then(() => 'ready');
  const ended = program.exit(60_000).then(({ code }) => `${code}: ${program.stderr.split('\n')[0]}`);
  return Promise.race([ended, ready.catch(() => ended)]);
}

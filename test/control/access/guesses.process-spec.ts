import { randomBytes } from 'node:crypto';

import { until } from '../../kit/deadline.js';
import { startGateway } from '../../kit/gateway.js';
import { Client } from '../../kit/net.js';
import { knock, Operator } from '../../kit/operator.js';
import { fixture, Program } from '../../kit/program.js';
import { proven } from '../../kit/proven.js';
import { LINUX } from '../../kit/sockets.js';

const STRANGERS = [65_533, 65_534];
const PER_SECOND = 4;
const TRIES = 20;
const GUESSABLE = 'a-token-of-the-tests';

const twoUsers = LINUX && process.getuid?.() === 0;
const needs = twoUsers ? '' : ' (needs Linux, and root to be two users)';

function guess(uid: number, url: string, connections: number, sameToken = ''): Program {
  return Program.node(fixture('token-guesser'), [uid, url, connections, sameToken]);
}

function answers({ stdout }: Program, kind: 'wrong' | 'busy'): number {
  return stdout.split('\n').filter((line) => line === kind).length;
}

describe('guesses at the token of a gateway', () => {
  const guessable = { env: { OPENCLAW_GATEWAY_TOKEN: GUESSABLE } };

  (twoUsers ? it : it.skip)(
    `by other users are slowed down for each of them, and never keep the owner out${needs}`,
    async () => {
      const { program, url } = await startGateway(undefined, guessable);
      const begun = performance.now();
      const guessers = STRANGERS.map((uid) => guess(uid, url, 24));
      await until(60_000, 'answers to both', () => guessers.every((one) => answers(one, 'busy') > 200));

      for (let count = 0; count < TRIES; count++)
        (await Operator.open(url, { token: GUESSABLE })).client.socket.terminate();

      const seconds = (performance.now() - begun) / 1_000;
      for (const one of guessers) {
        expect(answers(one, 'wrong')).toBeGreaterThanOrEqual(PER_SECOND);
        expect(answers(one, 'wrong')).toBeLessThanOrEqual(PER_SECOND * (seconds + 1));
      }
      await program.output('stderr', /the token of this gateway can be guessed/);
      await program.output('stderr', /did not let in a client at \S+ \(guesser 6\.6\.6\): token mismatch/);
      proven(`${TRIES} right tokens of the owner beside 48 connections of two users that guess`);
    },
  );

  (twoUsers ? it : it.skip)(`do not spend the budget with one old token, again and again${needs}`, async () => {
    const { url } = await startGateway(undefined, guessable);
    const [uid = 0] = STRANGERS;
    const forgotten = guess(uid, url, 10, 'the-token-of-yesterday');
    await until(60_000, 'many answers', () => answers(forgotten, 'wrong') > 200);
    expect(answers(forgotten, 'busy')).toBe(0);
    const other = guess(uid, url, 1);
    await until(60_000, 'a new guess', () => answers(other, 'wrong') > 0);
  });

  it('of 128 random bits are not slowed down, and keep no right token waiting', async () => {
    const token = randomBytes(16).toString('hex');
    const { program, url, port } = await startGateway(undefined, { env: { OPENCLAW_GATEWAY_TOKEN: token } });
    const guesser = guess(process.getuid?.() ?? 0, url, 24);
    await until(60_000, 'many answers', () => answers(guesser, 'wrong') > 200);

    for (const host of ['127.0.0.1', '[::1]']) {
      for (let count = 0; count < TRIES; count++) {
        const operator = await Operator.open(`ws://${host}:${port}`, { token });
        operator.client.socket.terminate();
      }
    }
    const metrics = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { Authorization: `Bearer ${token}` } });

    expect(metrics.status).toBe(200);
    expect(answers(guesser, 'busy')).toBe(0);
    expect(program.stderr).not.toContain('can be guessed');
  });

  it('show in the log which client made them, on one line', async () => {
    const { program, url } = await startGateway(undefined, guessable);
    const client = { id: `cli\n\x1b[2J${'x'.repeat(200)}`, version: '1.2.3', platform: 'test', mode: 'cli' };
    await knock(await Client.open(url), { client, auth: { token: 'a-wrong-guess' } });
    const [line] = await program.output('stderr', /^.*did not let in a client.*$/m);
    expect(line).toContain('1.2.3): token mismatch');
    expect(line).not.toContain('x'.repeat(65));
    expect(line).not.toContain('\x1b');
  });
});

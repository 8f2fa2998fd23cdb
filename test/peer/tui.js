import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Control sequences of a terminal: ECMA-48, and those of its private modes and of titles. */
// eslint-disable-next-line no-control-regex
const SEQUENCES = /\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b\][^\x07]*\x07/g;
const DEADLINE_MS = 120_000;

/** What the terminal interface of the peer has to say, in this order, and what is typed when it has said so. */
const DIALOGUE = [
  { says: /gateway connected/, type: '' },
  { says: /history failed: this gateway runs no agents: chat\.history/, type: 'hello\r' },
  { says: /send failed: this gateway runs no agents: chat\.send/, type: '/quit\r' },
];

/**
 * Whether the terminal interface of the peer comes in, says of agents that there are none, and ends.
 *
 * @returns what it did otherwise; undefined where it did what was expected
 */
export async function tryTui({ node, peer, env, url, token }) {
  const command = [node, peer, 'tui', '--url', url, '--token', token].join(' ');
  // It wants a terminal: script(1) makes one, and is there wherever Debian is.
  const program = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...env, TERM: 'xterm-256color' },
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  const killAtExit = () => program.kill('SIGKILL');
  process.once('exit', killAtExit);
  const remaining = [...DIALOGUE];
  let text = '';
  program.stdout.on('data', (data) => {
    text += data;
    while (remaining.length > 0 && remaining[0].says.test(text.replace(SEQUENCES, ''))) {
      program.stdin.write(remaining.shift().type);
    }
  });
  const [code] = await once(program, 'close');
  process.off('exit', killAtExit);
  if (remaining.length === 0 && code === 0) return undefined;
  return `ended with ${code}, without ${remaining[0]?.says}:\n${text.replace(SEQUENCES, '')}`;
}

import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 30_000;
/** After which a connection that was accepted by a dying process is given up. */
const SILENCE_MS = 1_000;
/** Without it, asking would take a processor from those who are to answer. */
const PAUSE_MS = 1;

/**
 * Asks a port who is there, until a process answers other than the one that is on its way out: a gateway answers
 * until it has stopped.
 *
 * @returns the pid of who answered
 */
export async function firstAnswer(port: number, formerPid: number): Promise<number> {
  const deadline = performance.now() + DEADLINE_MS;
  while (performance.now() < deadline) {
    const pid = await whoAnswers(port);
    if (pid !== undefined && pid !== formerPid) return pid;
    await delay(PAUSE_MS);
  }
  throw new Error(`no process answered for ${DEADLINE_MS} ms`);
}

function whoAnswers(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/.well-known/gateway', agent: false, timeout: SILENCE_MS });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
    request.once('close', () => resolve(undefined));
    request.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('end', () => resolve((JSON.parse(body) as { pid: number }).pid));
      response.once('error', () => resolve(undefined));
    });
  });
}

const BAR_WIDTH = 40;
const BAR_STEPS = 1_000;
const PLAIN_LINES = 10;

/** A bar on a terminal; elsewhere a line now and then, so that a log stays readable. */
export function progress(done: number, rounds: number, label = ''): void {
  const bar = process.stderr.isTTY;
  const step = Math.max(1, Math.floor(rounds / (bar ? BAR_STEPS : PLAIN_LINES)));
  if (done % step !== 0 && done !== rounds) return;
  const filled = Math.floor((done / rounds) * BAR_WIDTH);
  const text = `${label}${done} of ${rounds} rounds`;
  if (bar) process.stderr.write(`\r[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${text}`);
  if (!bar || done === rounds) process.stderr.write(bar ? '\n' : `${text}\n`);
}

const BAR_WIDTH = 40;
const BAR_STEPS = 1_000;
const PLAIN_LINES = 10;

/** A bar on a terminal; elsewhere a line now and then, so that a log stays readable. On stderr. */
export function progress(done: number, all: number, label: string, what = 'rounds'): void {
  const bar = process.stderr.isTTY;
  const step = Math.max(1, Math.floor(all / (bar ? BAR_STEPS : PLAIN_LINES)));
  if (done % step !== 0 && done !== all) return;
  const filled = Math.floor((done / all) * BAR_WIDTH);
  const text = `${label}: ${done} of ${all} ${what}`;
  if (!bar) process.stderr.write(`${text}\n`);
  // A row of the table may come next, in the place of the bar.
  else if (done === all) process.stderr.write('\r\x1b[K');
  else process.stderr.write(`\r\x1b[K[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${text}`);
}

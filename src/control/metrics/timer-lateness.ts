/**
 * Measures how late the event loop runs a timer, again and again. Does not keep the process alive.
 *
 * @param onRun gets how late the timer ran, in milliseconds, and the time on the clock
 * @param now a monotonic clock, in milliseconds
 * @returns ends with `clearInterval`
 */
export function watchLateness(
  periodMs: number,
  onRun: (lateMs: number, at: number) => void,
  now: () => number = () => performance.now(),
): NodeJS.Timeout {
  let expected = now() + periodMs;
  return setInterval(() => {
    const at = now();
    const lateMs = Math.max(at - expected, 0);
    expected = at + periodMs;
    onRun(lateMs, at);
  }, periodMs).unref();
}

import { readFileSync, rmSync } from 'node:fs';

/** Ends a run with what was proven, in numbers, and with the line that scripts look for. */
export default class SummaryReporter {
  #proven = new URL('../../reports/proven.txt', import.meta.url);

  onRunStart() {
    rmSync(this.#proven, { force: true });
  }

  onRunComplete(
    _contexts,
    { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites },
  ) {
    let proven = '';
    try {
      proven = `\nProven in this run:\n${readFileSync(this.#proven, 'utf8')}\n`;
    } catch {
      // No test of this run had a count to tell.
    }
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests + numTodoTests;
    // Jest puts its own summary after all other reporters.
    process.once('exit', () => {
      process.stdout.write(`${proven}${numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
    });
  }
}

const USAGE_EXIT_CODE = 64;

/** Runs a benchmark, or says in one line what is wrong with the command line. */
export async function runWith<Flags>(readFlags: () => Flags, main: (flags: Flags) => Promise<void>): Promise<void> {
  let flags: Flags;
  try {
    flags = readFlags();
  } catch (error) {
    // The parser follows some of its messages with advice.
    const [line] = (error as Error).message.split('\n');
    process.stderr.write(`${line}\n`);
    process.exitCode = USAGE_EXIT_CODE;
    return;
  }
  await main(flags);
}

/** @param what names the number in the complaint */
export function readCount(flag: string, text: string, what: string, max: number): number {
  const count = /^[1-9][0-9]{0,15}$/.test(text) ? Number(text) : NaN;
  if (count <= max) return count;
  throw new TypeError(`${flag}: ${JSON.stringify(text)} is not a number of ${what}; give 1 to ${max}`);
}

import { BIN, Program } from './program.js';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `openclaw gateway` with these arguments, which has to end by itself. */
export async function openclaw(...args: readonly (string | number)[]): Promise<Result> {
  const program = Program.node(BIN, ['gateway', ...args]);
  const { code } = await program.exit();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

export const parse = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

/** What a child does for the process that has started it: one function for each name. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

export interface Call {
  readonly number: number;
  readonly name: string;
  readonly argument: unknown;
}

export type Reply = { readonly number: number } & ({ readonly value: unknown } | { readonly failure: string });

/** Answers the calls of the process that has started this one, and ends with it, however that comes. */
export function answerCalls(calls: Calls): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (call: Call) => void answer(calls, call));
}

async function answer(calls: Calls, { number, name, argument }: Call): Promise<void> {
  const reply = (outcome: { value: unknown } | { failure: string }): void =>
    void process.send?.({ number, ...outcome } satisfies Reply);
  try {
    const call = calls[name];
    if (!call) throw new Error(`there is no call ${name}`);
    reply({ value: await call(argument as never) });
  } catch (error) {
    reply({ failure: (error as Error).message });
  }
}

type Task = () => unknown;

const tasks: Task[] = [];

/** Runs when the test that is under way has ended, last registered first. */
export function onCleanUp(task: Task): void {
  tasks.push(task);
}

/** A task that fails fails the test, but keeps no other from its turn. */
export async function cleanUp(): Promise<void> {
  const failures: unknown[] = [];
  while (tasks.length > 0) {
    try {
      await tasks.pop()?.();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/**
 * Makes something before the first test of a `describe` block that all of its tests share, and cleans up after the last.
 *
 * @returns gives it to a test
 */
export function sharedByTests<T>(make: () => Promise<T>): () => T {
  let made: { readonly value: T } | undefined;
  let own: Task[] = [];
  beforeAll(async () => {
    made = { value: await make() };
    own = tasks.splice(0);
  });
  afterAll(async () => {
    tasks.push(...own);
    await cleanUp();
  });
  return () => {
    if (!made) throw new Error('it is made before the first test of its block, and this is no test of that block');
    return made.value;
  };
}

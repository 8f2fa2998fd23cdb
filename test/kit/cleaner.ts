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

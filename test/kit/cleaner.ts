type Task = () => unknown;

const tasks: Task[] = [];

/** Runs when the test that is under way has ended, last registered first. */
export function onCleanUp(task: Task): void {
  tasks.push(task);
}

export async function cleanUp(): Promise<void> {
  while (tasks.length > 0) await tasks.pop()?.();
}

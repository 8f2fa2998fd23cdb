import { availableParallelism, cpus } from 'node:os';

/** What numbers were measured on. */
export function describeMachine(): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  return `Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} x ${model}`;
}

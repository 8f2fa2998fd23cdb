import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

const GIB = 1_073_741_824;

/** What numbers were measured on, and what else it did at this moment. */
export function describeMachine(): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  return [
    `Node ${process.version}`,
    `${model}, ${availableParallelism()} cores`,
    `${(totalmem() / GIB).toFixed(0)} GiB`,
    `${process.platform} ${release()} ${process.arch}`,
    `load average at the begin ${loadavg()
      .map((load) => load.toFixed(2))
      .join(', ')}`,
  ].join('; ');
}

import { readdirSync } from 'node:fs';

import { descriptorLimit } from '../../common/descriptors.js';
import { PACKAGE_VERSION } from '../../common/package-version.js';
import type { MetricFamily } from './prometheus-text.js';

const MICROSECONDS = 1e6;
const MILLISECONDS = 1e3;

/** What every client library of Prometheus tells of its process, under the names that dashboards know. */
export function processMetrics(): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  return [
    info('gateway_build_info', 'version of the gateway', { version: PACKAGE_VERSION }),
    info('nodejs_version_info', 'version of Node.js', { version: process.version }),
    family('process_cpu_user_seconds_total', 'counter', 'user CPU time in seconds', user / MICROSECONDS),
    family('process_cpu_system_seconds_total', 'counter', 'system CPU time in seconds', system / MICROSECONDS),
    family(
      'process_start_time_seconds',
      'gauge',
      'start of the process in seconds since the epoch',
      performance.timeOrigin / MILLISECONDS,
    ),
    family('process_resident_memory_bytes', 'gauge', 'resident memory in bytes', rss),
    ...openDescriptors(),
    family('nodejs_heap_size_total_bytes', 'gauge', 'size of the heap of V8 in bytes', heapTotal),
    family('nodejs_heap_size_used_bytes', 'gauge', 'used part of the heap of V8 in bytes', heapUsed),
    family('nodejs_external_memory_bytes', 'gauge', 'memory outside of the heap of V8 in bytes', external),
  ];
}

/** On Linux alone, where the system tells them without a tool (proc_pid_fd(5)). */
function openDescriptors(): MetricFamily[] {
  const limit = descriptorLimit();
  if (limit === undefined) return [];
  return [
    family('process_open_fds', 'gauge', 'open file descriptors', readdirSync('/proc/self/fd').length),
    family('process_max_fds', 'gauge', 'limit of open file descriptors', limit),
  ];
}

function info(name: string, help: string, labels: Readonly<Record<string, string>>): MetricFamily {
  return { name, type: 'gauge', help, samples: [{ labels, value: 1 }] };
}

function family(name: string, type: MetricFamily['type'], help: string, value: number): MetricFamily {
  return { name, type, help, samples: [{ value }] };
}

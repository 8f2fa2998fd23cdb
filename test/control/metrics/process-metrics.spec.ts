import { processMetrics } from '../../../src/control/metrics/process-metrics.js';
import { prometheusText } from '../../../src/control/metrics/prometheus-text.js';
import { LINUX } from '../../kit/sockets.js';

function valueOf(name: string): number {
  const [sample] = processMetrics().find((family) => family.name === name)?.samples ?? [];
  return sample?.value ?? NaN;
}

describe('the metrics of the process', () => {
  it('have the names that dashboards know', () => {
    const text = prometheusText(processMetrics());

    expect(text).toMatch(/^gateway_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
    expect(text).toContain(`\nnodejs_version_info{version="${process.version}"} 1\n`);
    expect(text).toMatch(/^# TYPE process_cpu_user_seconds_total counter$/m);
  });

  it('are of this process', () => {
    expect(valueOf('process_resident_memory_bytes')).toBeGreaterThan(1024 * 1024);
    expect(valueOf('nodejs_heap_size_used_bytes')).toBeLessThanOrEqual(valueOf('nodejs_heap_size_total_bytes'));
    expect(valueOf('process_start_time_seconds')).toBeCloseTo(performance.timeOrigin / 1_000);
  });

  (LINUX ? it : it.skip)('count its file descriptors (needs Linux)', () => {
    expect(valueOf('process_open_fds')).toBeGreaterThan(2);
    expect(valueOf('process_open_fds')).toBeLessThan(valueOf('process_max_fds'));
  });
});

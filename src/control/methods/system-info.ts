import { statfsSync } from 'node:fs';
import { arch, cpus, freemem, hostname, loadavg, platform, release, totalmem, type, type CpuInfo } from 'node:os';

import type { EventLoopReport } from '../metrics/event-loop-load.js';

/** What a gateway says of its machine and of its own process, in the shape that OpenClaw's clients read. */
export interface SystemInfo {
  readonly machineName: string;
  readonly hostname: string;
  readonly platform: string;
  readonly release: string;
  readonly arch: string;
  readonly osLabel: string;
  readonly port: number | undefined;
  readonly nodeVersion: string;
  readonly pid: number;
  readonly processInstanceId: string;
  readonly uptimeMs: number;
  readonly cpuCount: number;
  readonly cpuModel?: string;
  readonly loadAverage: readonly number[];
  readonly memoryTotalBytes: number;
  readonly memoryFreeBytes: number;
  readonly processMemory: Readonly<Record<string, number>>;
  /** What was measured since the request before; missing for the first one. */
  readonly eventLoop?: EventLoopReport;
  /** The size of the file system with the state folder; missing without one. */
  readonly diskTotalBytes?: number;
  readonly diskAvailableBytes?: number;
  /** This gateway runs no agents, and so no model. */
  readonly defaultAgentUtilityModel: { readonly status: 'unavailable' };
}

/** Read once: it takes as long as all the rest, and a client may ask without pause. */
let processors: readonly CpuInfo[] | undefined;

export function systemInfo(
  port: number | undefined,
  processInstanceId: string,
  stateFolder: string | undefined,
  eventLoop: EventLoopReport | undefined,
): SystemInfo {
  processors ??= cpus();
  const cpuModel = processors[0]?.model.trim();
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  return {
    machineName: hostname(),
    hostname: hostname(),
    platform: platform(),
    release: release(),
    arch: arch(),
    osLabel: `${type()} ${release()}`,
    port,
    nodeVersion: process.version,
    pid: process.pid,
    processInstanceId,
    uptimeMs: Math.round(process.uptime() * 1_000),
    cpuCount: processors.length,
    ...(cpuModel && { cpuModel }),
    loadAverage: loadavg(),
    memoryTotalBytes: totalmem(),
    memoryFreeBytes: freemem(),
    processMemory: {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
    },
    ...(eventLoop && { eventLoop }),
    ...(stateFolder !== undefined && diskOf(stateFolder)),
    defaultAgentUtilityModel: { status: 'unavailable' },
  };
}

function diskOf(folder: string): Pick<SystemInfo, 'diskTotalBytes' | 'diskAvailableBytes'> {
  try {
    const { bsize, blocks, bavail } = statfsSync(folder);
    return { diskTotalBytes: bsize * blocks, diskAvailableBytes: bsize * bavail };
  } catch {
    // The folder was removed under the gateway.
    return {};
  }
}

import { Session } from 'node:inspector/promises';

import Runtime from 'jest-runtime';

/** The processes of Jest live for many spec files, one after the other. */
let session;

/**
 * What counts coverage for Jest, in place of its own: that switches V8's debugger on and off with each spec file, which
 * doubles the processor time of a run. It does so because V8 gives a file that it has compiled before from its cache, and
 * to code that was compiled while nothing was counted it adds no counters. Here V8 counts from the first spec file of a
 * process to the last, so all code has them, and the cache is of use; each reading sets the counters to 0.
 */
const instrumenter = {
  async startInstrumenting() {
    if (session) return;
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  },
  async stopInstrumenting() {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    return result;
  },
};

/** The files whose code this process has sent to the one that reports. */
const sent = new Set();

export default class CoverageRuntime extends Runtime {
  /** The reporter needs the code of a file once. With each spec file, it would be nine tenths of what is sent. */
  getAllV8CoverageInfoCopy() {
    return super.getAllV8CoverageInfoCopy().map(({ codeTransformResult, result }) => {
      const isSent = sent.has(result.url);
      if (codeTransformResult) sent.add(result.url);
      return { codeTransformResult: isSent ? undefined : codeTransformResult, result };
    });
  }

  async collectV8Coverage() {
    Object.assign(this.v8Coverage, { instrumenter, sources: new Map() });
    await instrumenter.startInstrumenting();
  }
}
